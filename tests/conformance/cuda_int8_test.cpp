// int8_float16 on the GPU's own kernels, run by the host stand-in: what becomes of weights, keys and values as bytes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "backends/cuda/cuda_backend.h"
#include "suite.h"

namespace ft::conformance {
namespace {

constexpr int turing = 0, ampere = 1;

std::unique_ptr<Backend> standin(Precision precision, int device = ampere) {
    return cuda_standin::make_backend({"cuda_standin", precision, 1, "", device});
}

/// Row i is `top[i]` times integers from −127 to 127, one of them ±127: what bytes hold exactly.
RawWeight whole_numbers(Random& random, WeightKind kind, const Shape& shape, const std::vector<float>& tops) {
    RawWeight raw = random_weight(random, kind, shape);
    for (int64_t row = 0; row < shape[0]; ++row) {
        const float top = tops[static_cast<size_t>(row) % tops.size()];
        float* values = raw.values.data() + row * shape[1];
        for (int64_t i = 0; i < shape[1]; ++i) values[i] = static_cast<float>(random.below(255) - 127) * top;
        values[random.below(static_cast<int32_t>(shape[1]))] = row % 2 == 0 ? 127 * top : -127 * top;
    }
    return raw;
}

TEST(CudaInt8, WhatBytesHoldIsExact) {
    // Inputs of few bits and weights of powers of two times an integer: nothing rounds, in any order of the sums.
    Random random(70);
    for (const auto& [n, inputs, outputs] :
         {std::array<int64_t, 3>{1, 16, 5}, {3, 48, 20}, {17, 112, 33}, {40, 64, 130}, {1030, 80, 9}}) {
        const RawWeight raw = whole_numbers(random, WeightKind::linear, {outputs, inputs}, {1.0F, 0.0F, 0x1p-12F});
        std::vector<float> x(static_cast<size_t>(n * inputs));
        for (float& value : x) value = static_cast<float>(random.below(15) - 7);
        const auto ours = standin(Precision::int8_float16);
        const auto truth = make_backend({"reference", Precision::float32, 1, ""});
        RawWeight plain = raw;
        plain.bias.clear();
        expect_same_bits(run_linear(*ours, x, n, bind(*ours, plain), inputs, outputs),
                         run_linear(*truth, x, n, bind(*truth, plain), inputs, outputs),
                         fmt::format("[{}, {}] to {}", n, inputs, outputs));
    }
}

TEST(CudaInt8, OneLargeValueCostsItsRowAlone) {
    Random random(71);
    const int64_t n = 4, inputs = 256, outputs = 40;
    RawWeight raw = random_weight(random, WeightKind::linear, {outputs, inputs});
    raw.values[3 * inputs + 17] = 1000;  // row 3 keeps this one, and nothing of the others
    const std::vector<float> x = random.normals(n * inputs);
    const auto ours = standin(Precision::int8_float16);
    const auto truth = make_backend({"reference", Precision::float32, 1, ""});
    std::vector<float> got = run_linear(*ours, x, n, bind(*ours, raw), inputs, outputs);
    std::vector<float> expected = run_linear(*truth, x, n, bind(*truth, raw), inputs, outputs);
    for (int64_t row = 0; row < n; ++row) {
        const size_t at = static_cast<size_t>(row * outputs + 3);
        const float large = 1000 * x[static_cast<size_t>(row * inputs + 17)];
        EXPECT_NEAR(got[at], large + raw.bias[3], 1e-3 * std::abs(large) + 1e-3);
        got[at] = expected[at] = 0;
    }
    expect_close(got, expected, {0.05, 0.9998}, "the other rows");
}

TEST(CudaInt8, WidthsThatAreNoMultipleOf16StayHalves) {
    Random random(72);
    const auto bytes = standin(Precision::int8_float16), halves = standin(Precision::float16);
    for (const auto& [inputs, same] : {std::pair<int64_t, bool>{8, true}, {100, true}, {17, true}, {32, false}}) {
        for (const WeightKind kind : {WeightKind::linear, WeightKind::embedding}) {
            const RawWeight raw = random_weight(random, kind, {24, inputs});
            const BoundWeight ours = bind(*bytes, raw), theirs = bind(*halves, raw);
            EXPECT_EQ(ours.packed == theirs.packed, same) << inputs;
            EXPECT_EQ(ours.packed.size() == theirs.packed.size(), same) << inputs;
            if (kind != WeightKind::linear || !same) continue;
            const std::vector<float> x = random.normals(5 * inputs);
            expect_same_bits(run_linear(*bytes, x, 5, ours, inputs, 24), run_linear(*halves, x, 5, theirs, inputs, 24),
                             fmt::format("{} inputs", inputs));
        }
    }
    EXPECT_NE(bytes->packer().packing(), halves->packer().packing());
}

TEST(CudaInt8, WordsAreLookedUpToHalfAStep) {
    Random random(73);
    const int64_t d = 80, vocabulary = 37;
    RawWeight table = random_weight(random, WeightKind::embedding, {vocabulary, d});
    std::fill_n(table.values.begin() + 5 * d, d, 0.0F);
    const RawWeight places{WeightKind::positions, {2, d}, std::vector<float>(2 * d), {}};
    const auto ours = standin(Precision::int8_float16);
    std::vector<int32_t> tokens, zeros(static_cast<size_t>(vocabulary));
    for (int32_t token = 0; token < vocabulary; ++token) tokens.push_back(token);
    Tensor out = ours->empty({vocabulary, d});
    ours->embed(*bind(*ours, table), *bind(*ours, places), tokens, zeros, out);
    const std::vector<float> got = ours->read(out);
    for (int64_t row = 0; row < vocabulary; ++row) {
        float largest = 0;
        for (const float value : rows_of(table.values, d, row, 1)) largest = std::max(largest, std::abs(value));
        for (int64_t i = row * d; i < (row + 1) * d; ++i)
            EXPECT_NEAR(got[static_cast<size_t>(i)], table.values[static_cast<size_t>(i)], 0.501 * largest / 127);
    }
}

TEST(CudaInt8, AWindowsRowsHaveTheirOwnScales) {
    // Keys and values that pass the encoder's output on: rows of very different size, and one of zeros.
    const int64_t d = 64, t = 21;
    Random random(74);
    RawWeight raw{WeightKind::cross_kv, {2 * d, d}, std::vector<float>(2 * d * d), {}};
    for (int64_t row = 0; row < 2 * d; ++row) raw.values[static_cast<size_t>(row * d + row % d)] = 1;
    const auto ours = standin(Precision::int8_float16);
    const auto truth = make_backend({"reference", Precision::float32, 1, ""});
    for (int64_t alone = 0; alone < t; ++alone) {
        std::vector<float> encoded = random.normals(d);
        const float size = alone == 0 ? 0.0F : std::ldexp(1.0F, static_cast<int>(alone) - 12);
        for (float& value : encoded) value *= size;
        const auto hear = [&](Backend& backend) {
            const BoundWeight weight = bind(backend, raw);
            const auto cache = backend.make_cross_cache(backend.upload({1, d}, encoded),
                                                        std::vector<const Weight*>{weight.get()}, 1, 1);
            Tensor out = backend.empty({1, d});
            backend.cross_attention_step(backend.upload({1, d}, std::vector<float>(d)), 1, 0,
                                         std::vector<const CrossCache*>{cache.get()}, out, {}, nullptr);
            return backend.read(out);
        };
        expect_close(hear(*ours), hear(*truth), {0.02, 0.9999}, fmt::format("a row of size {}", size));
    }
}

TEST(CudaInt8, ADamagedWindowIsHeardAsDamaged) {
    const int64_t d = 64;
    Random random(75);
    const auto ours = standin(Precision::int8_float16);
    const BoundWeight weight = bind(*ours, random_weight(random, WeightKind::cross_kv, {2 * d, d}));
    std::vector<float> encoded = random.normals(3 * d);
    encoded[static_cast<size_t>(d + 9)] = NAN;
    const auto cache =
        ours->make_cross_cache(ours->upload({3, d}, encoded), std::vector<const Weight*>{weight.get()}, 1, 1);
    Tensor out = ours->empty({1, d});
    ours->cross_attention_step(ours->upload({1, d}, random.normals(d)), 1, 0,
                               std::vector<const CrossCache*>{cache.get()}, out, {}, nullptr);
    for (const float value : ours->read(out)) EXPECT_TRUE(std::isnan(value));
}

TEST(CudaInt8, RingsOfAnyDepthGiveTheSameBits) {
    // Turing's two stages and the later chips' three or four; fewer inputs than stages, and more.
    Random random(76);
    for (const int64_t inputs : {16, 96, 272}) {
        const RawWeight raw = random_weight(random, WeightKind::linear, {37, inputs});
        const std::vector<float> x = random.normals(1025 * inputs);
        for (const Precision precision : {Precision::float16, Precision::int8_float16}) {
            const auto two = standin(precision, turing), more = standin(precision, ampere);
            expect_same_bits(run_linear(*more, x, 1025, bind(*more, raw), inputs, 37),
                             run_linear(*two, x, 1025, bind(*two, raw), inputs, 37),
                             fmt::format("{} inputs in {}", inputs, to_string(precision)));
        }
    }
}

}  // namespace
}  // namespace ft::conformance
