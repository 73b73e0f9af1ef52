#include "backends/cpu/encoder_attention.h"

#include <algorithm>
#include <cmath>

namespace ft::cpu {

namespace {

constexpr int64_t query_chunk = 384;  // queries of one task; its head's keys and values stay in the L2 cache
constexpr int64_t f32_chunk = 96;

void attention_integer(Engine& engine, const float* qkv, int64_t t, int64_t d, int heads, float* out) {
    const int64_t size = d / heads;
    const int64_t t_padded = round_up(t, 32);
    const int64_t per_head = 2 * t_padded * size;
    const int64_t scales_per_head = t_padded + 2 * size;
    int16_t* packed = engine.packed_heads.get(per_head * heads);
    float* scales = engine.floats.get(scales_per_head * heads);
    const auto head_at = [&](int64_t h) {
        AttentionHead head{t, t_padded, size};
        head.keys = packed + h * per_head;
        head.values = packed + h * per_head + t_padded * size;
        head.key_scale = scales + h * scales_per_head;
        head.value_scale = head.key_scale + t_padded;
        head.value_mean = head.value_scale + size;
        return head;
    };
    engine.pool.run(2 * heads, [&](int64_t task, int) {
        const int64_t h = task / 2;
        int16_t* keys = packed + h * per_head;
        float* scale = scales + h * scales_per_head;
        const float* column = qkv + h * size;
        if (task % 2 == 0) {
            engine.kernels.pack_keys(column + d, 3 * d, t, t_padded, size, keys, scale);
        } else {
            engine.kernels.pack_values(column + 2 * d, 3 * d, t, t_padded, size, keys + t_padded * size,
                                       scale + t_padded, scale + t_padded + size);
        }
    });
    const int64_t chunks = (t + query_chunk - 1) / query_chunk;
    engine.pool.run(heads * chunks, [&](int64_t task, int thread) {
        const int64_t h = task / chunks;
        const int64_t row = task % chunks * query_chunk;
        float* scratch = engine.thread_floats[thread].get(attention_scratch_floats(t_padded, size));
        engine.kernels.attend(head_at(h), qkv + row * 3 * d + h * size, std::min(query_chunk, t - row), 3 * d,
                              out + row * d + h * size, d, scratch);
    });
}

void attention_f32(Engine& engine, const float* qkv, int64_t t, int64_t d, int heads, float* out) {
    const int64_t size = d / heads;
    const int64_t chunks = (t + f32_chunk - 1) / f32_chunk;
    const float root = 1.0F / std::sqrt(static_cast<float>(size));
    engine.pool.run(heads * chunks, [&](int64_t task, int thread) {
        const int64_t h = task / chunks;
        const int64_t row = task % chunks * f32_chunk;
        const int64_t rows = std::min(f32_chunk, t - row);
        float* scores = engine.thread_floats[thread].get(rows * t);
        sgemm(true, rows, t, size, qkv + row * 3 * d + h * size, 3 * d, qkv + d + h * size, 3 * d, scores, t);
        for (int64_t r = 0; r < rows; ++r) {
            float* line = scores + r * t;
            for (int64_t j = 0; j < t; ++j) line[j] *= root;
            const float inverse = 1.0F / engine.kernels.exp_minus_max(line, t);
            for (int64_t j = 0; j < t; ++j) line[j] *= inverse;
        }
        sgemm(false, rows, size, t, scores, t, qkv + 2 * d + h * size, 3 * d, out + row * d + h * size, d);
    });
}

}  // namespace

void encoder_attention(Engine& engine, const float* qkv, int64_t t, int64_t d, int heads, float* out) {
    // The integer kernels handle heads of whole vectors; every Whisper has heads of 64.
    const int64_t size = d / heads;
    if (engine.precision == Precision::int8 && size % 16 == 0 && size <= 512)
        return attention_integer(engine, qkv, t, d, heads, out);
    attention_f32(engine, qkv, t, d, heads, out);
}

}  // namespace ft::cpu
