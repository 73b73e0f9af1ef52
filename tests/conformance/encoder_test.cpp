#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "suite.h"

namespace ft::conformance {
namespace {

FT_CONFORMANCE_SUITE_ON(EncoderConformance, cases_beyond_products());

TEST_P(EncoderConformance, ConvStem) {
    struct Case {
        int64_t mels, steps, d, table;
    };
    for (const auto& [mels, steps, d, table] :
         {Case{80, 1, 64, 1}, Case{80, 7, 384, 20}, Case{128, 33, 192, 33}, Case{80, 150, 128, 1500}, Case{3, 5, 72, 5},
          Case{80, 1500, 64, 1500}}) {
        Random random(10);
        const std::vector<float> mel = random.normals(mels * 2 * steps, 0.5F);
        const RawWeight conv1 = random_weight(random, WeightKind::conv1d, {d, mels, 3});
        const RawWeight conv2 = random_weight(random, WeightKind::conv1d, {d, d, 3});
        const RawWeight positions = random_weight(random, WeightKind::positions, {table, d});
        const auto run = [&, steps = steps, d = d, mels = mels](Backend& backend) {
            const BoundWeight first = bind(backend, conv1), second = bind(backend, conv2),
                              places = bind(backend, positions);
            Tensor out = backend.empty({steps, d});
            backend.conv_stem(backend.upload({mels, 2 * steps}, mel), *first, *second, *places, out);
            return backend.read(out);
        };
        expect_close(run(*tested), run(*truth), tolerance(), fmt::format("{} mels, {} steps, d {}", mels, steps, d));
    }
}

TEST_P(EncoderConformance, LayerNorm) {
    Random random(11);
    for (const auto& [n, d] : {std::pair{1, 64}, {3, 384}, {7, 512}, {33, 1280}, {5, 77}}) {
        const RawWeight raw = random_weight(random, WeightKind::norm, {d});
        // Far from zero: a variance as a difference of squares would lose its digits.
        for (const float mean : {0.0F, 100.0F}) {
            std::vector<float> x = random.normals(n * d, 1.0F, mean);
            const auto run = [&, n = n, d = d](Backend& backend) {
                const BoundWeight norm = bind(backend, raw);
                Tensor out = backend.empty({n, d});
                backend.layer_norm(backend.upload({n, d}, x), *norm, out);
                return backend.read(out);
            };
            expect_close(run(*tested), run(*truth), tolerance(), fmt::format("[{}, {}] around {}", n, d, mean));
        }
    }
}

TEST_P(EncoderConformance, LayerNormOfAConstantIsTheBias) {
    Random random(12);
    const RawWeight raw = random_weight(random, WeightKind::norm, {128});
    const BoundWeight norm = bind(*tested, raw);
    Tensor out = tested->empty({1, 128});
    tested->layer_norm(tested->upload({1, 128}, std::vector<float>(128, 3.0F)), *norm, out);
    expect_close(tested->read(out), raw.bias, {1e-5, 0.999999}, "a constant row");
}

std::vector<float> run_attention(Backend& backend, const std::vector<float>& qkv, int64_t steps, int64_t d, int heads) {
    Tensor out = backend.empty({steps, d});
    backend.encoder_attention(backend.upload({steps, 3 * d}, qkv), heads, out);
    return backend.read(out);
}

TEST_P(EncoderConformance, Attention) {
    Random random(13);
    for (const auto& [steps, heads] :
         {std::pair{1, 1}, {2, 3}, {7, 2}, {31, 20}, {33, 6}, {64, 1}, {127, 2}, {200, 12}, {1500, at_full_length}}) {
        const int64_t d = heads * 64;
        const std::vector<float> qkv = random.normals(steps * 3 * d);
        expect_close(run_attention(*tested, qkv, steps, d, heads), run_attention(*truth, qkv, steps, d, heads),
                     tolerance(), fmt::format("{} steps, {} heads", steps, heads));
    }
}

TEST_P(EncoderConformance, AttentionWithLargeScoresStaysBetweenTheValues) {
    Random random(14);
    const int64_t steps = 65, d = 128;
    std::vector<float> qkv = random.normals(steps * 3 * d);
    for (int64_t i = 0; i < steps * 3 * d; ++i)
        qkv[i] *= i % (3 * d) < 2 * d ? 30.0F : 1.0F;  // scores of several thousand
    const std::vector<float> got = run_attention(*tested, qkv, steps, d, 2);
    for (int64_t c = 0; c < d; ++c) {
        float low = 1e9F, high = -1e9F;
        for (int64_t t = 0; t < steps; ++t) {
            low = std::min(low, qkv[t * 3 * d + 2 * d + c]);
            high = std::max(high, qkv[t * 3 * d + 2 * d + c]);
        }
        for (int64_t t = 0; t < steps; ++t) {
            ASSERT_GE(got[t * d + c], low - 0.05F * (high - low));
            ASSERT_LE(got[t * d + c], high + 0.05F * (high - low));
        }
    }
    if (GetParam().options.precision == Precision::float32) {
        expect_close(got, run_attention(*truth, qkv, steps, d, 2), {1e-2, 0.9999}, "large scores");
    }
}

TEST_P(EncoderConformance, AttentionOfOtherHeadSizesIsRightOrRefused) {
    // Every Whisper has heads of 64; another size may be refused, never computed wrongly.
    Random random(15);
    const std::vector<float> qkv = random.normals(9 * 3 * 96);
    try {
        expect_close(run_attention(*tested, qkv, 9, 96, 3), run_attention(*truth, qkv, 9, 96, 3), tolerance(),
                     "heads of 32");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unsupported) << error.what();
    }
}

}  // namespace
}  // namespace ft::conformance
