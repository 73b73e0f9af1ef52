#include <fmt/format.h>

#include <cmath>

#include "suite.h"

namespace ft::conformance {
namespace {

FT_CONFORMANCE_SUITE(LinearConformance);

struct LinearShape {
    int64_t n, inputs, outputs;
};

// Whisper's own shapes, and some that fit no vector width.
constexpr LinearShape shapes[] = {{1, 64, 64},     {1, 512, 1536},  {2, 384, 1536},  {3, 1280, 100},  {4, 512, 512},
                                  {5, 100, 77},    {7, 512, 512},   {8, 768, 2304},  {9, 64, 1003},   {13, 1024, 96},
                                  {15, 72, 130},   {16, 512, 2048}, {17, 2048, 512}, {31, 384, 384},  {32, 1, 33},
                                  {33, 1280, 320}, {64, 512, 512},  {65, 96, 31},    {130, 384, 1152}};

TEST_P(LinearConformance, EqualsTheReferenceInEveryShapeAndEpilogue) {
    Random random(1);
    int variant = 0;
    for (const auto& [n, inputs, outputs] : shapes) {
        const std::vector<float> x = random.normals(n * inputs), residual = random.normals(n * outputs);
        const RawWeight with_its_bias = random_weight(random, WeightKind::linear, {outputs, inputs});
        const RawWeight raw_norm = random_weight(random, WeightKind::norm, {inputs});
        // Three neighbours of the 24 combinations a shape: all are met, without all products.
        for (int i = 0; i < 3; ++i, ++variant) {
            // A norm over one number makes nothing but its bias.
            const bool with_norm = variant % 2 != 0 && inputs > 1, with_bias = variant / 2 % 2 != 0;
            const Activation activation = variant / 4 % 2 != 0 ? Activation::gelu : Activation::none;
            const int residual_kind = variant % 3;
            RawWeight raw = with_its_bias;
            if (!with_bias) raw.bias.clear();
            const auto run = [&, n = n, inputs = inputs, outputs = outputs](Backend& backend) {
                const BoundWeight weight = bind(backend, raw), norm = bind(backend, raw_norm);
                return run_linear(backend, x, n, weight, inputs, outputs,
                                  {with_norm ? norm.get() : nullptr, activation,
                                   residual_kind == 0 ? nullptr : &residual, residual_kind == 2});
            };
            expect_close(run(*tested), run(*truth), tolerance(),
                         fmt::format("[{}, {}] to {} outputs, norm {}, bias {}, gelu {}, residual {}", n, inputs,
                                     outputs, with_norm, with_bias, activation == Activation::gelu, residual_kind));
            if (HasFailure()) return;
        }
    }
}

TEST_P(LinearConformance, EqualsTheReferenceOnAWholeWindow) {
    Random random(2);
    const int64_t n = 1500, inputs = 384, outputs = 576;
    const std::vector<float> x = random.normals(n * inputs), residual = random.normals(n * outputs);
    const RawWeight raw = random_weight(random, WeightKind::linear, {outputs, inputs});
    const RawWeight raw_norm = random_weight(random, WeightKind::norm, {inputs});
    const auto run = [&](Backend& backend, Activation activation) {
        const BoundWeight weight = bind(backend, raw), norm = bind(backend, raw_norm);
        return run_linear(backend, x, n, weight, inputs, outputs, {norm.get(), activation, &residual, true});
    };
    for (const Activation activation : {Activation::none, Activation::gelu}) {
        expect_close(run(*tested, activation), run(*truth, activation), tolerance(), "1500 rows");
    }
}

TEST_P(LinearConformance, EveryNumberOfRowsUpTo33) {
    Random random(3);
    const int64_t inputs = 192, outputs = 80;
    const std::vector<float> all = random.normals(33 * inputs);
    const RawWeight raw = random_weight(random, WeightKind::linear, {outputs, inputs});
    const BoundWeight ours = bind(*tested, raw), theirs = bind(*truth, raw);
    for (int64_t n = 1; n <= 33; ++n) {
        const std::vector<float> x = rows_of(all, inputs, 33 - n, n);
        expect_close(run_linear(*tested, x, n, ours, inputs, outputs),
                     run_linear(*truth, x, n, theirs, inputs, outputs), tolerance(), fmt::format("{} rows", n));
    }
}

TEST_P(LinearConformance, RowsOfDifferentSizeKeepTheirOwnPrecision) {
    // One scale for all rows or all outputs would drown the small ones.
    Random random(4);
    const int64_t n = 6, inputs = 256, outputs = 128;
    std::vector<float> x = random.normals(n * inputs);
    for (int64_t i = 0; i < n * inputs; ++i) x[i] *= std::pow(10.0F, static_cast<float>(i / inputs) - 3);
    RawWeight raw = random_weight(random, WeightKind::linear, {outputs, inputs}, false);
    for (int64_t i = 0; i < outputs * inputs; ++i) raw.values[i] *= i / inputs % 2 == 0 ? 1e-3F : 1.0F;
    const std::vector<float> got = run_linear(*tested, x, n, bind(*tested, raw), inputs, outputs);
    const std::vector<float> expected = run_linear(*truth, x, n, bind(*truth, raw), inputs, outputs);
    for (int64_t row = 0; row < n; ++row) {
        for (int parity = 0; parity < 2; ++parity) {
            std::vector<float> ours, theirs;
            for (int64_t j = parity; j < outputs; j += 2) {
                ours.push_back(got[row * outputs + j]);
                theirs.push_back(expected[row * outputs + j]);
            }
            expect_close(ours, theirs, tolerance(), fmt::format("row {}, outputs of parity {}", row, parity));
        }
    }
}

TEST_P(LinearConformance, ZerosGiveTheBias) {
    Random random(5);
    const int64_t n = 3, inputs = 128, outputs = 96;
    RawWeight raw = random_weight(random, WeightKind::linear, {outputs, inputs});
    std::fill_n(raw.values.begin() + 7 * inputs, inputs, 0.0F);  // also an output without weights
    std::vector<float> x = random.normals(n * inputs);
    std::fill_n(x.begin() + inputs, inputs, 0.0F);
    const std::vector<float> got = run_linear(*tested, x, n, bind(*tested, raw), inputs, outputs);
    expect_same_bits(rows_of(got, outputs, 1, 1), raw.bias, "a row of zeros");
    for (int64_t row = 0; row < n; ++row) EXPECT_EQ(got[row * outputs + 7], raw.bias[7]);
}

TEST_P(LinearConformance, GeluIsExactFarOut) {
    // A weight that passes its one input on, so that GELU sees exactly −40 … 40.
    RawWeight raw{WeightKind::linear, {1, 1}, {1.0F}, {0.0F}};
    std::vector<float> x;
    for (int i = -400; i <= 400; ++i) x.push_back(static_cast<float>(i) / 10);
    const auto n = static_cast<int64_t>(x.size());
    const std::vector<float> got = run_linear(*tested, x, n, bind(*tested, raw), 1, 1, {nullptr, Activation::gelu});
    for (int64_t i = 0; i < n; ++i) {
        const double expected = 0.5 * x[i] * std::erfc(-x[i] * std::sqrt(0.5));
        EXPECT_NEAR(got[i], expected, 1e-5 * std::max(1.0, std::abs(expected))) << "GELU of " << x[i];
    }
}

}  // namespace
}  // namespace ft::conformance
