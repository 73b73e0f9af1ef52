#include "backends/cpu/self_attention.h"

#include <algorithm>
#include <cmath>

namespace ft::cpu {

void attend_f32(const Kernels& kernels, const float* q, const float* keys, const float* values, int64_t stride,
                int64_t n, int64_t size, float* scores, float* out) {
    const float root = 1.0F / std::sqrt(static_cast<float>(size));
    for (int64_t j = 0; j < n; ++j) scores[j] = root * kernels.dot(q, keys + j * stride, size);
    const float inverse = 1.0F / kernels.exp_minus_max(scores, n);
    std::fill_n(out, size, 0.0F);
    for (int64_t j = 0; j < n; ++j) {
        scores[j] *= inverse;
        kernels.axpy(scores[j], values + j * stride, out, size);
    }
}

void self_attention_step(Engine& engine, const float* qkv, int heads, int layer, CpuSelfCache& cache,
                         std::span<const int32_t> slots, std::span<const int32_t> positions, float* out) {
    const int64_t d = cache.d();
    const int64_t size = d / heads;
    const auto n = static_cast<int64_t>(slots.size());
    for (int64_t i = 0; i < n; ++i) {
        const float* row = qkv + i * 3 * d;
        std::copy_n(row + d, d, cache.keys(layer, slots[i]) + positions[i] * d);
        std::copy_n(row + 2 * d, d, cache.values(layer, slots[i]) + positions[i] * d);
    }
    engine.pool.run(n, [&](int64_t i, int thread) {
        float* scores = engine.thread_floats[thread].get(cache.positions());
        for (int h = 0; h < heads; ++h) {
            attend_f32(engine.kernels, qkv + i * 3 * d + h * size, cache.keys(layer, slots[i]) + h * size,
                       cache.values(layer, slots[i]) + h * size, d, positions[i] + 1, size, scores,
                       out + i * d + h * size);
        }
    });
}

}  // namespace ft::cpu
