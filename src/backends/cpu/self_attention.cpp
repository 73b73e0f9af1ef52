#include "backends/cpu/self_attention.h"

#include <algorithm>

namespace ft::cpu {

void self_attention_step(Engine& engine, const float* qkv, int heads, int layer, CpuSelfCache& cache,
                         std::span<const int32_t> slots, std::span<const int32_t> positions, float* out) {
    const int64_t d = cache.d();
    const int64_t size = d / heads;
    const auto n = static_cast<int64_t>(slots.size());
    for (int64_t i = 0; layer == 0 && i < n; ++i) {
        if (positions[i] == 0) cache.clear(slots[i]);
    }
    for (int64_t i = 0; i < n; ++i) {
        const float* row = qkv + i * 3 * d;
        float* keys = cache.write(slots[i], layer, positions[i]);
        std::copy_n(row + d, d, keys);
        std::copy_n(row + 2 * d, d, keys + page_positions * d);
    }
    engine.pool.run(n, [&](int64_t i, int thread) {
        FloatAttention step{qkv + i * 3 * d, cache.pages(slots[i]), cache.layer_offset(layer), page_positions, d};
        step.n = positions[i] + 1;
        step.heads = heads;
        step.size = size;
        step.scores = engine.thread_floats[thread].get(heads * cache.positions());
        step.out = out + i * d;
        engine.kernels.attend_f32(step);
    });
}

}  // namespace ft::cpu
