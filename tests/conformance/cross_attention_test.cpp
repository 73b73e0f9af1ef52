#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "suite.h"

namespace ft::conformance {
namespace {

FT_CONFORMANCE_SUITE(CrossAttentionConformance);

/// How many texts the first window and the others are made for: a backend may keep them in different forms.
struct Listeners {
    int first = 1, others = 1;
};
const Listeners mixtures[] = {{1, 1}, {5, 5}, {5, 1}};

/// A model's layers, and what its encoder made of some windows.
struct RawWindows {
    RawWindows(uint32_t seed, int layers, int heads, const std::vector<int64_t>& lengths) : heads(heads) {
        Random random(seed);
        const int64_t d = heads * 64;
        for (int layer = 0; layer < layers; ++layer)
            weights.push_back(random_weight(random, WeightKind::cross_kv, {2 * d, d}));
        for (const int64_t length : lengths) encoded.push_back(random.normals(length * d));
    }

    int heads;
    std::vector<RawWeight> weights;
    std::vector<std::vector<float>> encoded;
};

/// Its windows on one backend.
struct Windows {
    std::vector<BoundWeight> weights;
    std::vector<std::unique_ptr<CrossCache>> caches;
};

Windows make_windows(Backend& backend, const RawWindows& raw, const Listeners& listeners = {}) {
    const int64_t d = raw.heads * 64;
    Windows windows;
    std::vector<const Weight*> layer_weights;
    for (const RawWeight& weight : raw.weights) {
        windows.weights.push_back(bind(backend, weight));
        layer_weights.push_back(windows.weights.back().get());
    }
    for (const std::vector<float>& encoded : raw.encoded) {
        const Tensor x = backend.upload({static_cast<int64_t>(encoded.size()) / d, d}, encoded);
        windows.caches.push_back(backend.make_cross_cache(x, layer_weights, raw.heads,
                                                          windows.caches.empty() ? listeners.first : listeners.others));
    }
    return windows;
}

std::vector<float> listen(Backend& backend, const Windows& windows, const std::vector<int>& which,
                          const std::vector<float>& q, int heads, int layer,
                          const std::vector<int32_t>& heads_wanted = {}, std::vector<float>* weights = nullptr) {
    std::vector<const CrossCache*> caches;
    for (const int window : which) caches.push_back(windows.caches[window].get());
    const auto n = static_cast<int64_t>(which.size());
    Tensor out = backend.empty({n, heads * 64});
    backend.cross_attention_step(backend.upload({n, heads * 64}, q), heads, layer, caches, out, heads_wanted, weights);
    return backend.read(out);
}

TEST_P(CrossAttentionConformance, EqualsTheReference) {
    struct Case {
        int layers, heads;
        std::vector<int64_t> lengths;
        std::vector<int> which;
    };
    const Case cases[] = {{2, 1, {1}, {0}},
                          {2, 3, {7, 33}, {1, 0, 1}},
                          {1, 6, {65, 64, 63}, {0, 1, 2, 2, 1, 0, 0}},
                          {1, 20, {17}, {0, 0, 0, 0, 0}},
                          {at_full_length, 2, {1500, 1499}, {0, 1, 1, 0, 1}}};
    for (const Case& c : cases) {
        Random random(30);
        const std::vector<float> q = random.normals(static_cast<int64_t>(c.which.size()) * c.heads * 64);
        const RawWindows raw(31, c.layers, c.heads, c.lengths);
        const Windows theirs = make_windows(*truth, raw);
        std::vector<Windows> ours;
        for (const Listeners& listeners : mixtures) ours.push_back(make_windows(*tested, raw, listeners));
        for (int layer = 0; layer < c.layers; ++layer) {
            const std::vector<float> expected = listen(*truth, theirs, c.which, q, c.heads, layer);
            for (size_t i = 0; i < ours.size(); ++i) {
                expect_close(listen(*tested, ours[i], c.which, q, c.heads, layer), expected, tolerance(),
                             fmt::format("{} heads, {} positions, layer {}, for {} and {} texts", c.heads, c.lengths[0],
                                         layer, mixtures[i].first, mixtures[i].others));
            }
        }
    }
}

TEST_P(CrossAttentionConformance, SharpAttentionFindsItsPosition) {
    // Queries four times as large: few positions get all the weight, as in a trained model.
    Random random(32);
    const std::vector<float> q = random.normals(4 * 128, 4.0F);
    const RawWindows raw(33, 1, 2, {1500});
    const Windows theirs = make_windows(*truth, raw);
    const std::vector<float> expected = listen(*truth, theirs, {0, 0, 0, 0}, q, 2, 0);
    for (const Listeners& listeners : mixtures) {
        const Windows ours = make_windows(*tested, raw, listeners);
        expect_close(listen(*tested, ours, {0, 0, 0, 0}, q, 2, 0), expected,
                     {3 * tolerance().max_relative, 1 - 9 * (1 - tolerance().min_cosine)},
                     fmt::format("sharp attention, for {} texts", listeners.first));
    }
}

TEST_P(CrossAttentionConformance, WeightsOfTheHeadsWanted) {
    struct Case {
        int layers, heads;
        int64_t length;
        std::vector<int32_t> wanted;
    };
    for (const auto& [layers, heads, length, wanted] :
         {Case{2, 4, 5, {3, 1}}, Case{2, 4, 129, {3, 1}}, Case{at_full_length, 2, 1500, {1, 0}}}) {
        Random random(34);
        const std::vector<float> q = random.normals(3 * heads * 64, 2.0F);
        const RawWindows raw(35, layers, heads, {length, length});
        const Windows ours = make_windows(*tested, raw, {1, 5}), theirs = make_windows(*truth, raw);
        std::vector<float> got{42.0F}, expected{42.0F};  // they are appended
        const std::vector<float> out = listen(*tested, ours, {0, 1, 0}, q, heads, layers - 1, wanted, &got);
        listen(*truth, theirs, {0, 1, 0}, q, heads, layers - 1, wanted, &expected);
        ASSERT_EQ(got.size(), static_cast<size_t>(1 + 3 * 2 * length));
        EXPECT_EQ(got[0], 42.0F);
        got.erase(got.begin());
        expected.erase(expected.begin());
        for (int64_t row = 0; row < 6; ++row) {
            double sum = 0;
            for (const float p : rows_of(got, length, row, 1)) {
                ASSERT_GE(p, 0.0F);
                sum += p;
            }
            EXPECT_NEAR(sum, 1, 1e-3) << "item and head " << row << " of " << length << " positions";
        }
        // The largest are twenty and more times the root mean square, and as wrong in proportion.
        double squares = 0;
        for (const float p : expected) squares += static_cast<double>(p) * p;
        const double largest = *std::max_element(expected.begin(), expected.end()) /
                               std::sqrt(squares / static_cast<double>(expected.size()));
        expect_close(got, expected,
                     {std::max(10.0, largest / 2) * tolerance().max_relative, 1 - 4 * (1 - tolerance().min_cosine)},
                     fmt::format("{} positions", length));
        expect_same_bits(listen(*tested, ours, {0, 1, 0}, q, heads, layers - 1), out,
                         "asking for weights changes nothing");
    }
}

TEST_P(CrossAttentionConformance, AWindowOutlivesItsInputs) {
    Random random(36);
    const std::vector<float> q = random.normals(64);
    const BoundWeight weight = bind(*tested, random_weight(random, WeightKind::cross_kv, {128, 64}));
    std::vector<std::unique_ptr<CrossCache>> caches;
    std::vector<std::vector<float>> first;
    for (int window = 0; window < 3; ++window) {
        caches.push_back(tested->make_cross_cache(tested->upload({50, 64}, random.normals(50 * 64)),
                                                  std::vector<const Weight*>{weight.get()}, 1, window + 1));
        const std::vector<const CrossCache*> one{caches.back().get()};
        Tensor out = tested->empty({1, 64});
        tested->cross_attention_step(tested->upload({1, 64}, q), 1, 0, one, out, {}, nullptr);
        first.push_back(tested->read(out));
    }
    caches.erase(caches.begin() + 1);  // a finished window leaves, the others stay what they were
    for (const int window : {0, 1}) {
        const std::vector<const CrossCache*> one{caches[window].get()};
        Tensor out = tested->empty({1, 64});
        tested->cross_attention_step(tested->upload({1, 64}, q), 1, 0, one, out, {}, nullptr);
        expect_same_bits(tested->read(out), first[window == 0 ? 0 : 2], fmt::format("window {}", window));
    }
}

}  // namespace
}  // namespace ft::conformance
