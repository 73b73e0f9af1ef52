// Int8 cross-attention without keys and values. With x the encoder's output, a score q·(W_k x) is (W_kᵀ q)·x, and the
// sum over positions of p·(W_v x + b) is W_v (Σ p·x) + b: the same numbers from x itself, which all layers and heads
// share. A window then takes 2·T·d bytes instead of 2·T·d a layer, and what was bound by memory is bound by arithmetic.
// x is kept less its mean over the window: scores of one query all change by the same, which softmax does not see, and
// the sum gets the mean back; so outlying dimensions, which are nearly constant, do not eat up the int8 range.
#include <algorithm>
#include <cmath>

#include "backends/cpu/cross_attention.h"

namespace ft::cpu {

namespace {

class LatentCache : public CpuCrossCache {
  public:
    LatentCache(Engine& engine, const float* encoded, int64_t t, int64_t d, std::vector<const CpuWeight*> layers)
        : t_(t),
          t_padded_(round_up(t, block_columns)),
          d_(d),
          layers_(std::move(layers)),
          positions_(allocate<int8_t>(2 * t_padded_ * d)),
          floats_(allocate<float>(2 * t_padded_ + 2 * d)),
          sums_(allocate<int32_t>(t_padded_ + d)) {
        float* mean = floats_.get() + 2 * t_padded_;
        std::fill_n(floats_.get() + t_padded_, t_padded_, 0.0F);
        mean_of_rows(engine, encoded, t, d, mean);
        std::fill_n(mean + d, d, 1.0F);
        std::fill_n(sums_.get() + t_padded_, d, 0);
        engine.pool.run(t_padded_ / block_columns, [&](int64_t block, int thread) {
            const int64_t j = block * block_columns;
            PositionBlock b{encoded + j * d, mean, std::min(block_columns, t - j), d, d};
            b.rows = reinterpret_cast<int8_t*>(engine.thread_bytes[thread].get(block_columns * d));
            b.keys = positions_.get() + j * d;
            b.values = positions_.get() + t_padded_ * d + j * block_columns;
            b.value_pitch = t_padded_ * block_columns;
            b.scale = floats_.get() + j;
            b.sum = sums_.get() + j;
            engine.kernels.pack_positions(b);
        });
    }

    CrossForm form() const override { return CrossForm::latent; }
    int64_t t() const override { return t_; }
    int64_t t_padded() const { return t_padded_; }
    const CrossWeights& layer(int index) const { return layers_[static_cast<size_t>(index)]->cross; }

    /// Positions as columns [t, d], for scores.
    Int8Weight keys() const {
        return {positions_.get(), floats_.get(), sums_.get(), floats_.get() + t_padded_, t_, d_};
    }
    /// Positions as depth [d, t_padded], for the weighted sum; adds the mean.
    Int8Weight values() const {
        const float* mean = floats_.get() + 2 * t_padded_;
        return {positions_.get() + t_padded_ * d_, mean + d_, sums_.get() + t_padded_, mean, d_, t_padded_};
    }
    const float* position_scale() const { return floats_.get(); }

  private:
    int64_t t_, t_padded_, d_;
    std::vector<const CpuWeight*> layers_;
    AlignedArray<int8_t> positions_;  // keys, then values, t_padded·d each
    AlignedArray<float> floats_;      // scale [t_padded], zeros [t_padded], mean [d], ones [d]
    AlignedArray<int32_t> sums_;      // of keys [t_padded], zeros [d]
};

/// W_kᵀ q / √size of one head. q [n, d] → absorbed [n, heads, d].
void absorb(const CrossStep& step, const CrossWeights& layer, int64_t head, int thread, float* absorbed) {
    constexpr int64_t size = cross_head_size;
    const int64_t n = step.n();
    const Int8Weight keys = layer.keys_of(head);
    float* scaled = step.engine.thread_floats[thread].get(n * (size + 1));
    float* scale = scaled + n * size;
    const float root = 1.0F / std::sqrt(static_cast<float>(size));
    for (int64_t i = 0; i < n; ++i) {
        for (int64_t c = 0; c < size; ++c)
            scaled[i * size + c] = root * step.q[i * step.d + head * size + c] * layer.key_scale[head * size + c];
    }
    const uint8_t* bytes = quantize_rows(step.engine, thread, scaled, n, size, size, scale);
    step.engine.kernels.product_i8({bytes, scale, n, keys, 0, keys.column_blocks(), false, nullptr,
                                    absorbed + head * step.d, step.heads * step.d});
}

/// Of rows that listen to one window (item i's head h is row i·heads + h): absorbed → the mean of what they hear,
/// mixed [n, heads, d].
void listen(const CrossStep& step, const RowRange& rows, int thread, const float* absorbed, float* mixed) {
    Engine& engine = step.engine;
    const auto& cache = step.cache<LatentCache>(rows.begin / step.heads);
    const int64_t count = rows.end - rows.begin, t_padded = cache.t_padded(), d = step.d;
    float* scores = engine.thread_floats[thread].get(count * (t_padded + 1));
    float* scale = scores + count * t_padded;
    const uint8_t* bytes = quantize_rows(engine, thread, absorbed + rows.begin * d, count, d, d, scale);
    const Int8Weight keys = cache.keys(), values = cache.values();
    engine.kernels.product_i8({bytes, scale, count, keys, 0, keys.column_blocks(), false, nullptr, scores, t_padded});
    const int64_t row_bytes = t_padded * engine.kernels.bytes_per_input;
    uint8_t* shares = engine.thread_bytes[thread].get(count * row_bytes);
    for (int64_t r = 0; r < count; ++r) {
        const int64_t row = rows.begin + r;
        scale[r] =
            engine.kernels.weigh_positions(scores + r * t_padded, cache.position_scale(), cache.t(), t_padded,
                                           shares + r * row_bytes, step.captured(row / step.heads, row % step.heads));
    }
    engine.kernels.product_i8(
        {shares, scale, count, values, 0, values.column_blocks(), false, nullptr, mixed + rows.begin * d, d});
}

/// W_v (…) + b of one head. mixed [n, heads, d] → out [n, d].
void project(const CrossStep& step, const CrossWeights& layer, int64_t head, int thread, const float* mixed) {
    const int64_t n = step.n(), d = step.d;
    float* scale = step.engine.thread_floats[thread].get(n);
    const uint8_t* bytes = quantize_rows(step.engine, thread, mixed + head * d, n, step.heads * d, d, scale);
    constexpr int64_t blocks = cross_head_size / block_columns;
    step.engine.kernels.product_i8(
        {bytes, scale, n, layer.values, head * blocks, (head + 1) * blocks, false, nullptr, step.out, d});
}

/// Whole ranges would leave a thread without work at the end.
std::vector<RowRange> halves_of(const std::vector<RowRange>& ranges) {
    std::vector<RowRange> halves;
    for (const RowRange& range : ranges) {
        const int64_t middle = (range.begin + range.end + 1) / 2;
        halves.push_back({range.begin, middle});
        if (middle < range.end) halves.push_back({middle, range.end});
    }
    return halves;
}

}  // namespace

std::unique_ptr<CpuCrossCache> make_latent_cache(Engine& engine, const float* encoded, int64_t t, int64_t d,
                                                 std::vector<const CpuWeight*> layers) {
    return std::make_unique<LatentCache>(engine, encoded, t, d, std::move(layers));
}

void attend_latent(const CrossStep& step) {
    ThreadPool& pool = step.engine.pool;
    const CrossWeights& layer = step.cache<LatentCache>(0).layer(step.layer);
    float* absorbed = step.engine.floats.get(2 * step.n() * step.heads * step.d);
    float* mixed = absorbed + step.n() * step.heads * step.d;
    pool.run(step.heads, [&](int64_t h, int thread) { absorb(step, layer, h, thread, absorbed); });
    std::vector<RowRange> ranges = rows_by_window(step.caches, step.heads);
    if (static_cast<int>(ranges.size()) % pool.threads() != 0) ranges = halves_of(ranges);
    pool.run(static_cast<int64_t>(ranges.size()), [&](int64_t task, int thread) {
        listen(step, ranges[static_cast<size_t>(task)], thread, absorbed, mixed);
    });
    pool.run(step.heads, [&](int64_t h, int thread) { project(step, layer, h, thread, mixed); });
}

}  // namespace ft::cpu
