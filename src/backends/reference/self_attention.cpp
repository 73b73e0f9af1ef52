#include <algorithm>

#include "backends/reference/arithmetic.h"
#include "backends/reference/reference_types.h"

namespace ft::reference {

namespace {

FloatSelfCache& as_float(SelfCache& cache) {
    auto* ours = dynamic_cast<FloatSelfCache*>(&cache);
    check(ours != nullptr, "a self cache belongs to another backend");
    return *ours;
}

}  // namespace

std::unique_ptr<SelfCache> ReferenceBackend::make_self_cache(int layers, int rows, int positions, int d) {
    check(layers > 0 && rows > 0 && positions > 0 && d > 0, "make_self_cache: an empty cache");
    auto cache = std::make_unique<FloatSelfCache>();
    cache->layers = layers;
    cache->rows = rows;
    cache->positions = positions;
    cache->d = d;
    cache->keys.resize(cache->at(layers, 0, 0));
    cache->values.resize(cache->keys.size());
    return cache;
}

void ReferenceBackend::self_attention_step(const Tensor& qkv, int heads, int layer, SelfCache& cache,
                                           std::span<const int32_t> slots, std::span<const int32_t> positions,
                                           Tensor& out) {
    FloatSelfCache& past = as_float(cache);
    const auto d = static_cast<size_t>(past.d);
    check(qkv.shape.size() == 2 && qkv.cols() == 3 * past.d, "self_attention_step: qkv does not fit the cache");
    check(heads > 0 && past.d % heads == 0, "self_attention_step: qkv does not fit the heads");
    check(layer >= 0 && layer < past.layers, "self_attention_step: no such layer");
    const auto items = static_cast<size_t>(qkv.rows());
    check(slots.size() == items && positions.size() == items, "self_attention_step: one slot and position an item");
    const std::span<float> result = values_to_write(out, {qkv.rows(), past.d});
    const size_t head_size = d / static_cast<size_t>(heads);
    for (size_t i = 0; i < items; ++i) {
        check(slots[i] >= 0 && slots[i] < past.rows, "self_attention_step: no such slot");
        check(positions[i] >= 0 && positions[i] < past.positions, "self_attention_step: no such position");
        const std::span<const float> row = row_of(qkv, static_cast<int64_t>(i));
        std::copy_n(row.begin() + past.d, d, past.keys.begin() + past.at(layer, slots[i], positions[i]));
        std::copy_n(row.begin() + 2 * past.d, d, past.values.begin() + past.at(layer, slots[i], positions[i]));
        const size_t first = past.at(layer, slots[i], 0);
        for (size_t at = 0; at < d; at += head_size) {
            attend(row.subspan(at, head_size), &past.keys[first + at], &past.values[first + at], positions[i] + 1,
                   past.d, result.subspan(i * d + at, head_size));
        }
    }
}

void ReferenceBackend::copy_slot(SelfCache& cache, int from, int to, int positions) {
    FloatSelfCache& past = as_float(cache);
    check(from >= 0 && from < past.rows && to >= 0 && to < past.rows, "copy_slot: no such slot");
    check(positions >= 0 && positions <= past.positions, "copy_slot: more positions than there are");
    if (from == to) return;
    for (int layer = 0; layer < past.layers; ++layer) {
        const size_t count = static_cast<size_t>(positions) * past.d;
        for (std::vector<float>* half : {&past.keys, &past.values}) {
            std::copy_n(half->begin() + past.at(layer, from, 0), count, half->begin() + past.at(layer, to, 0));
        }
    }
}

}  // namespace ft::reference
