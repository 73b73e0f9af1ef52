#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "suite.h"

namespace ft::conformance {
namespace {

FT_CONFORMANCE_SUITE_ON(AttentionTraceConformance, cases_beyond_products());

constexpr int model_heads = 4, layers = 2;

/// Windows of one model on one backend, and what texts in them ask for.
struct Scene {
    Scene(Backend& backend, int64_t t, int64_t items, float sharpness) : t(t), items(items) {
        const int64_t d = model_heads * 64;
        std::vector<const Weight*> layer_weights;
        for (int layer = 0; layer < layers; ++layer) {
            weights.push_back(bind(backend, random_weight(random, WeightKind::cross_kv, {2 * d, d})));
            layer_weights.push_back(weights.back().get());
        }
        for (auto& window : windows) {
            window = backend.make_cross_cache(backend.upload({t, d}, random.normals(t * d)), layer_weights, model_heads,
                                              &window == windows ? 1 : 5);
        }
        for (int64_t i = 0; i < items; ++i) caches.push_back(windows[i < items / 3 ? 0 : 1].get());
        ask(backend, sharpness);
    }
    /// With other queries from now on.
    void ask(Backend& backend, float sharpness) {
        const int64_t d = model_heads * 64;
        q.clear();
        for (int layer = 0; layer < layers; ++layer)
            q.push_back(backend.upload({items, d}, random.normals(items * d, sharpness)));
    }

    Random random{70};
    int64_t t, items;
    std::vector<BoundWeight> weights;
    std::unique_ptr<CrossCache> windows[2];
    std::vector<const CrossCache*> caches;
    std::vector<Tensor> q;
};

/// Head i of the trace, by layer: heads 2 and 0 of layer 0, heads 3, 1 and 2 of layer 1.
const std::vector<std::vector<int32_t>> wanted{{2, 0}, {3, 1, 2}};

struct Traced {
    std::unique_ptr<AttentionTrace> trace;
    std::vector<std::vector<float>> out;
};

Traced run_trace(Backend& backend, const Scene& scene) {
    Traced traced{backend.make_attention_trace(scene.items, 5), {}};
    int first = 0;
    for (int layer = 0; layer < layers; ++layer) {
        Tensor out = backend.empty({scene.items, model_heads * 64});
        backend.cross_attention_trace(scene.q[layer], model_heads, layer, scene.caches, wanted[layer], *traced.trace,
                                      first, out);
        first += static_cast<int>(wanted[layer].size());
        traced.out.push_back(backend.read(out));
    }
    return traced;
}

/// What cross_attention_step says of the trace's heads: [items, t] each.
std::vector<std::vector<float>> step_probabilities(Backend& backend, const Scene& scene) {
    std::vector<std::vector<float>> heads;
    for (int layer = 0; layer < layers; ++layer) {
        for (const int32_t head : wanted[layer]) {
            Tensor out = backend.empty({scene.items, model_heads * 64});
            backend.cross_attention_step(scene.q[layer], model_heads, layer, scene.caches, out,
                                         std::vector<int32_t>{head}, &heads.emplace_back());
        }
    }
    return heads;
}

/// What alignment_matrix says it gives, from these probabilities.
std::vector<float> expected_matrix(const std::vector<std::vector<float>>& probabilities, const Scene& scene,
                                   const std::vector<int32_t>& heads, const TracedText& text) {
    const auto n = static_cast<size_t>(text.size), frames = static_cast<size_t>(text.frames);
    std::vector<float> mean(n * frames);
    for (const int32_t head : heads) {
        const std::vector<float>& p = probabilities[static_cast<size_t>(head)];
        std::vector<std::vector<double>> z(n, std::vector<double>(frames));
        for (size_t i = 0; i < n; ++i) {
            const float* row = p.data() + (static_cast<size_t>(text.begin) + i) * static_cast<size_t>(scene.t);
            double sum = 0;
            for (size_t f = 0; f < frames; ++f) sum += row[f];
            for (size_t f = 0; f < frames; ++f) z[i][f] = row[f] / sum;
        }
        for (size_t f = 0; f < frames; ++f) {
            double sum = 0, squares = 0;
            for (size_t i = 0; i < n; ++i) sum += z[i][f];
            for (size_t i = 0; i < n; ++i) squares += std::pow(z[i][f] - sum / static_cast<double>(n), 2);
            const double deviation = std::sqrt(squares / static_cast<double>(n));
            for (size_t i = 0; i < n; ++i)
                z[i][f] = deviation > 0 ? (z[i][f] - sum / static_cast<double>(n)) / deviation : 0;
        }
        for (size_t i = 0; i < n; ++i) {
            for (int64_t f = 0; f < text.frames; ++f) {
                std::vector<double> near;
                for (int64_t j = f - 3; j <= f + 3; ++j) {
                    const int64_t mirrored = j < 0 ? -j : j >= text.frames ? 2 * (text.frames - 1) - j : j;
                    near.push_back(text.frames > 3 ? z[i][static_cast<size_t>(mirrored)]
                                                   : z[i][static_cast<size_t>(f)]);
                }
                std::sort(near.begin(), near.end());
                mean[i * frames + static_cast<size_t>(f)] +=
                    static_cast<float>(near[3] / static_cast<double>(heads.size()));
            }
        }
    }
    return mean;
}

TEST_P(AttentionTraceConformance, ItsOutputIsThatOfAStep) {
    const Scene scene(*tested, 65, 9, 1.0F);
    const Traced traced = run_trace(*tested, scene);
    for (int layer = 0; layer < layers; ++layer) {
        Tensor out = tested->empty({scene.items, model_heads * 64});
        tested->cross_attention_step(scene.q[layer], model_heads, layer, scene.caches, out, {}, nullptr);
        const std::vector<float> step = tested->read(out);
        expect_close(traced.out[layer], step, {1e-4, 1 - 1e-6}, fmt::format("layer {}", layer));
    }
}

TEST_P(AttentionTraceConformance, TheMatrixIsWhatItSays) {
    for (const int64_t t : {int64_t{8}, int64_t{97}, int64_t{1500}}) {
        Scene scene(*tested, t, 30, 1.0F);
        for (const float sharpness : {1.0F, 3.0F}) {
            if (sharpness > 1) scene.ask(*tested, sharpness);
            const Traced traced = run_trace(*tested, scene);
            const auto probabilities = step_probabilities(*tested, scene);
            for (const TracedText& text : {TracedText{0, 10, t}, TracedText{10, 20, t - 3}, TracedText{12, 3, 5}}) {
                for (const std::vector<int32_t>& heads :
                     std::vector<std::vector<int32_t>>{{0, 1, 2, 3, 4}, {3}, {4, 1}}) {
                    const auto got = tested->alignment_matrix(*traced.trace, heads, text);
                    const auto expected = expected_matrix(probabilities, scene, heads, text);
                    ASSERT_EQ(got.size(), expected.size());
                    expect_close(got, expected, {2e-3, 1 - 1e-5},
                                 fmt::format("{} positions, {} heads, {} items from {}, {} frames", t, heads.size(),
                                             text.size, text.begin, text.frames));
                }
            }
        }
    }
}

TEST_P(AttentionTraceConformance, FewFramesAndSingleTokensGiveNumbers) {
    const Scene scene(*tested, 8, 6, 2.0F);
    const Traced traced = run_trace(*tested, scene);
    for (const int64_t frames : {1, 2, 3, 4, 8}) {
        for (const int64_t size : {1, 2, 6}) {
            const TracedText text{0, size, frames};
            const auto got = tested->alignment_matrix(*traced.trace, std::vector<int32_t>{0, 4}, text);
            ASSERT_EQ(got.size(), static_cast<size_t>(size * frames));
            for (const float value : got)
                EXPECT_TRUE(std::isfinite(value)) << size << " tokens, " << frames << " frames";
            if (size == 1) {
                for (const float value : got) EXPECT_EQ(value, 0.0F);
            }
        }
    }
}

TEST_P(AttentionTraceConformance, ATextsMatrixDependsOnNoOther) {
    const Scene scene(*tested, 97, 30, 2.0F);
    const Traced traced = run_trace(*tested, scene);
    Scene alone(*tested, 97, 30, 2.0F);  // the same windows and queries; of them, the second text only
    alone.caches.erase(alone.caches.begin(), alone.caches.begin() + 10);
    alone.items = 20;
    for (Tensor& q : alone.q)
        q = tested->upload({20, model_heads * 64}, rows_of(tested->read(q), model_heads * 64, 10, 20));
    const Traced less = run_trace(*tested, alone);
    const std::vector<int32_t> heads{0, 1, 2, 3, 4};
    expect_same_bits(tested->alignment_matrix(*less.trace, heads, {0, 20, 90}),
                     tested->alignment_matrix(*traced.trace, heads, {10, 20, 90}), "alone and in company");
}

TEST_P(AttentionTraceConformance, WhatWasNotTracedIsRefused) {
    const Scene scene(*tested, 8, 6, 1.0F);
    const Traced traced = run_trace(*tested, scene);
    const std::vector<int32_t> first{0};
    EXPECT_THROW(tested->alignment_matrix(*traced.trace, std::vector<int32_t>{5}, {0, 6, 8}), Error);
    EXPECT_THROW(tested->alignment_matrix(*traced.trace, std::vector<int32_t>{}, {0, 6, 8}), Error);
    EXPECT_THROW(tested->alignment_matrix(*traced.trace, first, {0, 7, 8}), Error);
    EXPECT_THROW(tested->alignment_matrix(*traced.trace, first, {-1, 2, 8}), Error);
    EXPECT_THROW(tested->alignment_matrix(*traced.trace, first, {0, 6, 9}), Error);
    EXPECT_THROW(tested->alignment_matrix(*traced.trace, first, {0, 6, 0}), Error);
    const auto untouched = tested->make_attention_trace(6, 1);
    EXPECT_THROW(tested->alignment_matrix(*untouched, first, {0, 6, 8}), Error);
    EXPECT_THROW(tested->make_attention_trace(0, 1), Error);
}

}  // namespace
}  // namespace ft::conformance
