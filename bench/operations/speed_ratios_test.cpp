// What must not become slow, as ratios of two operations timed in turns in one run: seconds differ from machine to
// machine and from hour to hour, ratios much less. Limits are about half of what was measured (docs/performance.md), so
// that only a real loss (a loop that is no longer a vector loop, weights read more often than once) crosses them.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iostream>

#include "base/stopwatch.h"
#include "random_layer.h"

namespace ft {
namespace {

constexpr int64_t frames = 1500, d = 512;
constexpr int heads = 8;

using bench::normals;
using Layer = bench::RandomLayer;
using Work = std::function<void()>;

double seconds_of(const Work& work) {
    const Stopwatch watch;
    work();
    return watch.seconds();
}

/// How many times as long `slow` takes as `fast`: best of fifteen each, in turns.
double ratio(const Work& slow, const Work& fast) {
    double slow_s = 1e9, fast_s = 1e9;
    for (int i = 0; i < 15; ++i) {
        slow_s = std::min(slow_s, seconds_of(slow));
        fast_s = std::min(fast_s, seconds_of(fast));
    }
    std::cout << "ratio " << slow_s / fast_s << " (" << slow_s * 1e3 << " ms, " << fast_s * 1e3 << " ms)" << std::endl;
    return slow_s / fast_s;
}

class SpeedRatios : public testing::Test {
  protected:
    Work product(Backend& backend, const Layer& layer, int64_t rows, Activation activation = Activation::none) {
        auto x = std::make_shared<Tensor>(backend.upload({rows, layer.k}, normals(rows * layer.k, 1.0F)));
        auto out = std::make_shared<Tensor>(backend.empty({rows, layer.n}));
        return [&backend, &layer, activation, x, out] {
            backend.linear(*x, nullptr, *layer.weight, activation, nullptr, *out);
        };
    }

    std::unique_ptr<Backend> int8 = make_backend({"cpu", Precision::int8, 1, ""});
    std::unique_ptr<Backend> float32 = make_backend({"cpu", Precision::float32, 1, ""});
    const bool vnni = int8->info().device.find("vnni") != std::string::npos;
};

TEST_F(SpeedRatios, EncoderProductsInEightBitsAgainstFloat32) {
    const Layer ours(*int8, WeightKind::linear, 2048, d);
    const Layer theirs(*float32, WeightKind::linear, 2048, d);
    // Without VNNI the integers are multiplied in 16 bits, which is no faster than float32.
    EXPECT_GT(ratio(product(*float32, theirs, frames), product(*int8, ours, frames)), vnni ? 1.8 : 0.5);
}

TEST_F(SpeedRatios, EightRowsReadTheWeightsOnce) {
    const Layer table(*int8, WeightKind::linear, 51872, d);
    const Work one = product(*int8, table, 1), eight = product(*int8, table, 8);
    EXPECT_GT(8 * ratio(one, eight), 2.0);
}

TEST_F(SpeedRatios, GeluCostsLittle) {
    const Layer expand(*int8, WeightKind::linear, 2048, d);
    EXPECT_LT(ratio(product(*int8, expand, frames, Activation::gelu), product(*int8, expand, frames)), 1.6);
}

TEST_F(SpeedRatios, EncoderAttentionInEightBitsAgainstFloat32) {
    const std::vector<float> values = normals(frames * 3 * d, 1.0F);
    const auto attention = [&](Backend& backend) -> Work {
        auto qkv = std::make_shared<Tensor>(backend.upload({frames, 3 * d}, values));
        auto out = std::make_shared<Tensor>(backend.empty({frames, d}));
        return [&backend, qkv, out] { backend.encoder_attention(*qkv, heads, *out); };
    };
    EXPECT_GT(ratio(attention(*float32), attention(*int8)), vnni ? 1.3 : 0.5);
}

/// A step of one layer for a batch, one window a row or five rows in one window.
TEST_F(SpeedRatios, CrossAttentionInEightBitsAgainstFloat32) {
    constexpr int64_t rows = 8;
    const auto step = [&](Backend& backend, int listeners) -> Work {
        auto layer = std::make_shared<Layer>(backend, WeightKind::cross_kv, 2 * d, d);
        const Tensor encoded = backend.upload({frames, d}, normals(frames * d, 1.0F));
        const Weight* weights[] = {layer->weight.get()};
        auto caches = std::make_shared<std::vector<std::unique_ptr<CrossCache>>>();
        auto listened = std::make_shared<std::vector<const CrossCache*>>();
        for (int64_t i = 0; i < rows; ++i)
            caches->push_back(backend.make_cross_cache(encoded, weights, heads, listeners));
        for (const auto& cache : *caches) {
            for (int i = 0; i < listeners; ++i) listened->push_back(cache.get());
        }
        const auto n = static_cast<int64_t>(listened->size());
        auto q = std::make_shared<Tensor>(backend.upload({n, d}, normals(n * d, 1.0F)));
        auto out = std::make_shared<Tensor>(backend.empty({n, d}));
        return [&backend, layer, caches, listened, q, out] {
            backend.cross_attention_step(*q, heads, 0, *listened, *out, {}, nullptr);
        };
    };
    EXPECT_GT(ratio(step(*float32, 1), step(*int8, 1)), vnni ? 1.0 : 0.3);
    EXPECT_GT(ratio(step(*float32, 5), step(*int8, 5)), vnni ? 2.0 : 0.5);
}

}  // namespace
}  // namespace ft
