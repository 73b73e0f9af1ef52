#include "backends/cpu/decoder_attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ft::cpu {

CpuCrossCache::CpuCrossCache(Precision precision, int layers, int64_t t, int64_t d, int heads)
    : t_(t), t_padded_(round_up(t, 16)), size_(d / heads), heads_(heads) {
    const int64_t count = int64_t{2} * layers * heads;
    if (precision == Precision::int8 && size_ % 16 == 0 && size_ <= 512) {
        int8_ = allocate<int8_t>(count * t_padded_ * size_);
        scales_ = allocate<float>(count * t_padded_);
    } else {
        f32_ = allocate<float>(count * t_ * size_);
    }
}

CrossHead CpuCrossCache::head(int layer, int h) const {
    const int64_t index = int64_t{layer} * heads_ + h;
    CrossHead head{
        t_,      t_padded_, size_, int8_.get() + index * 2 * t_padded_ * size_, scales_.get() + index * 2 * t_padded_,
        nullptr, nullptr};
    head.values = head.keys + t_padded_ * size_;
    head.value_scale = head.key_scale + t_padded_;
    return head;
}

namespace {

/// One position to int8 with its own scale.
float quantize_position(const float* x, int64_t size, int8_t* q) {
    float highest = 0.0F;
    for (int64_t i = 0; i < size; ++i) highest = std::max(highest, std::fabs(x[i]));
    const float inverse = highest > 0.0F ? 127.0F / highest : 0.0F;
    // Adding 1.5·2²³ leaves the rounded integer in the low bits: a form that compilers turn into vectors.
    for (int64_t i = 0; i < size; ++i) {
        const float shifted = x[i] * inverse + 12582912.0F;
        int32_t bits;
        std::memcpy(&bits, &shifted, 4);
        q[i] = static_cast<int8_t>(bits);
    }
    return highest / 127.0F;
}

}  // namespace

void CpuCrossCache::store(int layer, int h, const float* k, const float* v, int64_t stride) {
    if (!is_int8()) {
        for (int64_t j = 0; j < t_; ++j) {
            std::copy_n(k + j * stride, size_, f32_keys(layer, h) + j * size_);
            std::copy_n(v + j * stride, size_, f32_values(layer, h) + j * size_);
        }
        return;
    }
    const CrossHead target = head(layer, h);
    auto* keys = const_cast<int8_t*>(target.keys);
    auto* values = const_cast<int8_t*>(target.values);
    auto* key_scale = const_cast<float*>(target.key_scale);
    auto* value_scale = const_cast<float*>(target.value_scale);
    std::fill_n(key_scale, t_padded_, 0.0F);
    std::fill_n(value_scale, t_padded_, 0.0F);
    alignas(64) int8_t rows[4][512];
    for (int64_t j = 0; j < t_padded_; ++j) {
        if (j < t_) {
            key_scale[j] = quantize_position(k + j * stride, size_, rows[0]);
        } else {
            std::fill_n(rows[0], size_, int8_t{0});
        }
        int8_t* out = keys + j / 16 * 16 * size_ + j % 16 * 4;
        for (int64_t g = 0; g < size_ / 4; ++g) std::memcpy(out + g * 64, rows[0] + 4 * g, 4);
    }
    for (int64_t j = 0; j < t_padded_; j += 4) {
        for (int64_t i = 0; i < 4; ++i) {
            if (j + i < t_) {
                value_scale[j + i] = quantize_position(v + (j + i) * stride, size_, rows[i]);
            } else {
                std::fill_n(rows[i], size_, int8_t{0});
            }
        }
        int8_t* out = values + j * size_;
        for (int64_t c = 0; c < size_; ++c) {
            for (int64_t i = 0; i < 4; ++i) out[4 * c + i] = rows[i][c];
        }
    }
}

namespace {

/// softmax(q·kᵀ/√size)·v over f32 rows; scores is scratch of n floats and afterwards holds the probabilities.
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

}  // namespace

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

void cross_attention_step(Engine& engine, const float* q, int64_t d, int heads, int layer,
                          std::span<const CrossCache* const> caches, float* out, std::span<const int32_t> heads_wanted,
                          std::vector<float>* weights) {
    const int64_t size = d / heads;
    const auto n = static_cast<int64_t>(caches.size());
    const int64_t t = n == 0 ? 0 : static_cast<const CpuCrossCache&>(*caches[0]).t();
    const auto wanted = static_cast<int64_t>(heads_wanted.size());
    float* captured = nullptr;
    if (wanted > 0) {
        weights->resize(weights->size() + static_cast<size_t>(n * wanted * t));
        captured = weights->data() + weights->size() - n * wanted * t;
    }
    engine.pool.run(n * heads, [&](int64_t task, int thread) {
        const int64_t i = task / heads;
        const auto h = static_cast<int>(task % heads);
        const auto& cache = static_cast<const CpuCrossCache&>(*caches[i]);
        float* scratch = engine.thread_floats[thread].get(attention_scratch_floats(round_up(cache.t(), 16), size));
        const auto place = std::find(heads_wanted.begin(), heads_wanted.end(), h);
        float* capture =
            place == heads_wanted.end() ? nullptr : captured + (i * wanted + (place - heads_wanted.begin())) * t;
        const float* query = q + i * d + h * size;
        if (cache.is_int8()) {
            engine.kernels.cross_attend_i8(cache.head(layer, h), query, out + i * d + h * size, capture, scratch);
            return;
        }
        attend_f32(engine.kernels, query, cache.f32_keys(layer, h), cache.f32_values(layer, h), size, cache.t(), size,
                   scratch, out + i * d + h * size);
        if (capture != nullptr) std::copy_n(scratch, t, capture);
    });
}

}  // namespace ft::cpu
