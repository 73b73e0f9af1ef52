// Int8 cross-attention over keys and values that are made once for a window: 8 bits for each, with a scale for every
// position and head. Both are kept less what the mean position has: scores of one query all change by the same, which
// softmax does not see, and the sum of values gets it back.
#include <algorithm>
#include <array>
#include <cmath>

#include "backends/cpu/cross_attention.h"

namespace ft::cpu {

namespace {

constexpr int64_t size = cross_head_size;
constexpr int64_t tile = 96;  // positions that are quantized once for all layers

/// Of values as an Int8Weight: their scales are in the shares already, which are not shifted, so that nothing is
/// undone.
constexpr std::array<float, size> ones = [] {
    std::array<float, size> all{};
    all.fill(1.0F);
    return all;
}();
constexpr std::array<int32_t, size> no_sums{};

class ProjectedCache : public CpuCrossCache {
  public:
    ProjectedCache(Engine& engine, const float* encoded, int64_t t, int64_t d,
                   const std::vector<const CpuWeight*>& layers)
        : t_(t),
          t_padded_(round_up(t, block_columns)),
          d_(d),
          bytes_(allocate<int8_t>(count(layers) * 2 * t_padded_ * d)),
          scales_(allocate<float>(count(layers) * d / size * 2 * t_padded_)),
          sums_(allocate<int32_t>(count(layers) * d / size * 2 * t_padded_)),
          means_(allocate<float>(count(layers) * 2 * d)),
          zeros_(allocate<float>(t_padded_)) {
        std::fill_n(zeros_.get(), t_padded_, 0.0F);
        project_mean(engine, encoded, layers);
        engine.pool.run((t_padded_ + tile - 1) / tile,
                        [&](int64_t task, int thread) { project_tile(engine, encoded, layers, task * tile, thread); });
    }

    CrossForm form() const override { return CrossForm::projected; }
    int64_t t() const override { return t_; }
    int64_t t_padded() const { return t_padded_; }

    /// Positions as columns [t, 64].
    Int8Weight keys(int layer, int64_t head) const {
        const int64_t at = part(layer, head, 0);
        return {bytes_.get() + at * size, scales_.get() + at, sums_.get() + at, zeros_.get(), t_, size};
    }
    /// Positions as depth [64, t_padded]; adds the mean.
    Int8Weight values(int layer, int64_t head) const {
        const int64_t at = part(layer, head, 1);
        const float* mean = means_.get() + (layer * 2 + 1) * d_ + head * size;
        return {bytes_.get() + at * size, ones.data(), no_sums.data(), mean, size, t_padded_};
    }
    const float* value_scale(int layer, int64_t head) const { return scales_.get() + part(layer, head, 1); }

  private:
    static int64_t count(const std::vector<const CpuWeight*>& layers) { return static_cast<int64_t>(layers.size()); }

    /// Where a head's keys (0) or values (1) begin, in positions.
    int64_t part(int64_t layer, int64_t head, int64_t which) const {
        return ((layer * (d_ / size) + head) * 2 + which) * t_padded_;
    }

    static const Int8Weight& weight_of(const CpuWeight& layer, int64_t which) {
        return which == 0 ? layer.cross.key_projection : layer.cross.values;
    }

    void project_mean(Engine& engine, const float* encoded, const std::vector<const CpuWeight*>& layers) {
        std::vector<float> mean(static_cast<size_t>(d_));
        mean_of_rows(engine, encoded, t_, d_, mean.data());
        float scale = 0.0F;
        const uint8_t* q = quantize_rows(engine, 0, mean.data(), 1, d_, d_, &scale);
        engine.pool.run(2 * count(layers), [&](int64_t task, int) {
            const Int8Weight& weight = weight_of(*layers[static_cast<size_t>(task / 2)], task % 2);
            engine.kernels.product_i8(
                {q, &scale, 1, weight, 0, weight.column_blocks(), false, nullptr, means_.get() + task * d_, d_});
        });
    }

    void project_tile(Engine& engine, const float* encoded, const std::vector<const CpuWeight*>& layers, int64_t first,
                      int thread) {
        const int64_t rows = std::min(tile, t_ - first);  // what is left to t_padded becomes zeros
        float* projected = engine.thread_floats[thread].get(tile * (d_ + 1));
        float* scale = projected + tile * d_;
        const uint8_t* q = quantize_rows(engine, thread, encoded + first * d_, rows, d_, d_, scale);
        for (int64_t task = 0; task < 2 * count(layers); ++task) {
            const Int8Weight& weight = weight_of(*layers[static_cast<size_t>(task / 2)], task % 2);
            engine.kernels.product_i8(
                {q, scale, rows, weight, 0, weight.column_blocks(), false, nullptr, projected, d_});
            pack_tile(engine, projected, first, rows, task);
        }
    }

    /// projected [rows, d] of one layer's keys or values (task: layer·2 + which).
    void pack_tile(Engine& engine, const float* projected, int64_t first, int64_t rows, int64_t task) {
        int8_t block_rows[block_columns * size];
        for (int64_t head = 0; head < d_ / size; ++head) {
            const int64_t begin = part(task / 2, head, task % 2);
            for (int64_t j = first; j < std::min(first + tile, t_padded_); j += block_columns) {
                PositionBlock b{projected + (j - first) * d_ + head * size, means_.get() + task * d_ + head * size,
                                std::clamp<int64_t>(rows - (j - first), 0, block_columns), size, d_};
                b.rows = block_rows;
                if (task % 2 == 0) {
                    b.keys = bytes_.get() + begin * size + j * size;
                } else {
                    b.values = bytes_.get() + begin * size + j * block_columns;
                    b.value_pitch = t_padded_ * block_columns;
                }
                b.scale = scales_.get() + begin + j;
                b.sum = sums_.get() + begin + j;
                engine.kernels.pack_positions(b);
            }
        }
    }

    int64_t t_, t_padded_, d_;
    AlignedArray<int8_t> bytes_;  // [layers, heads, 2, t_padded·64]: keys as columns, values as depth
    AlignedArray<float> scales_;  // [layers, heads, 2, t_padded]
    AlignedArray<int32_t> sums_;  // likewise
    AlignedArray<float> means_;   // [layers, 2, d]
    AlignedArray<float> zeros_;   // [t_padded]: the keys have no bias
};

/// One head of texts that listen to one window.
void listen(const CrossStep& step, const RowRange& items, int64_t head, int thread) {
    Engine& engine = step.engine;
    const auto& cache = step.cache<ProjectedCache>(items.begin);
    const int64_t count = items.end - items.begin, t_padded = cache.t_padded(), d = step.d;
    const int64_t at = items.begin * d + head * size;
    float* scores = engine.thread_floats[thread].get(count * (t_padded + 1));
    float* scale = scores + count * t_padded;
    const uint8_t* bytes = quantize_rows(engine, thread, step.q + at, count, d, size, scale);
    const float root = 1.0F / std::sqrt(static_cast<float>(size));
    for (int64_t i = 0; i < count; ++i) scale[i] *= root;
    const Int8Weight keys = cache.keys(step.layer, head), values = cache.values(step.layer, head);
    engine.kernels.product_i8({bytes, scale, count, keys, 0, keys.column_blocks(), false, nullptr, scores, t_padded});
    const int64_t row_bytes = t_padded * engine.kernels.bytes_per_input;
    uint8_t* shares = engine.thread_bytes[thread].get(count * row_bytes);
    for (int64_t i = 0; i < count; ++i) {
        scale[i] =
            engine.kernels.weigh_positions(scores + i * t_padded, cache.value_scale(step.layer, head), cache.t(),
                                           t_padded, shares + i * row_bytes, step.captured(items.begin + i, head));
    }
    engine.kernels.product_i8(
        {shares, scale, count, values, 0, values.column_blocks(), false, nullptr, step.out + at, d});
}

}  // namespace

std::unique_ptr<CpuCrossCache> make_projected_cache(Engine& engine, const float* encoded, int64_t t, int64_t d,
                                                    const std::vector<const CpuWeight*>& layers) {
    return std::make_unique<ProjectedCache>(engine, encoded, t, d, layers);
}

void attend_projected(const CrossStep& step) {
    const std::vector<RowRange> ranges = rows_by_window(step.caches, 1);
    step.engine.pool.run(static_cast<int64_t>(ranges.size()) * step.heads, [&](int64_t task, int thread) {
        listen(step, ranges[static_cast<size_t>(task / step.heads)], task % step.heads, thread);
    });
}

}  // namespace ft::cpu
