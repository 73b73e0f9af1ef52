#include "backends/cpu/cross_attention.h"

#include <algorithm>
#include <cmath>

#include "backends/cpu/self_attention.h"

namespace ft::cpu {

namespace {

std::vector<float> mean_of_rows(const Kernels& kernels, const float* x, int64_t rows, int64_t d) {
    std::vector<float> mean(static_cast<size_t>(d), 0.0F);
    for (int64_t j = 0; j < rows; ++j) kernels.axpy(1.0F / static_cast<float>(rows), x + j * d, mean.data(), d);
    return mean;
}

}  // namespace

CpuCrossCache::CpuCrossCache(Engine& engine, const float* encoded, int64_t t, int64_t d,
                             std::span<const Weight* const> kv_weights, int heads)
    : t_(t), t_padded_(round_up(t, block_columns)), d_(d), size_(d / heads), heads_(heads) {
    for (const Weight* weight : kv_weights) {
        layers_.push_back(&cpu_weight(*weight));
        if (layers_.back()->kind != WeightKind::cross_kv)
            throw Error(ErrorCode::internal, "cross-attention needs weights of the kind cross_kv");
    }
    if (layers_.empty() || !layers_.front()->is_int8) {
        project(engine, encoded);
    } else if (size_ == cross_head_size) {
        keep_positions(engine, encoded);
    } else {
        throw Error(ErrorCode::unsupported, "heads of {} where int8 needs {}: use --compute_type float32", size_,
                    cross_head_size);
    }
}

void CpuCrossCache::keep_positions(Engine& engine, const float* encoded) {
    positions_ = allocate<int8_t>(2 * t_padded_ * d_);
    floats_ = allocate<float>(2 * t_padded_ + 2 * d_);
    sums_ = allocate<int32_t>(t_padded_ + d_);
    float* mean = floats_.get() + 2 * t_padded_;
    std::fill_n(floats_.get() + t_padded_, t_padded_, 0.0F);
    std::ranges::copy(mean_of_rows(engine.kernels, encoded, t_, d_), mean);
    std::fill_n(mean + d_, d_, 1.0F);
    std::fill_n(sums_.get() + t_padded_, d_, 0);
    engine.pool.run(t_padded_ / block_columns, [&](int64_t block, int thread) {
        const int64_t j = block * block_columns;
        auto* rows = reinterpret_cast<int8_t*>(engine.thread_bytes[thread].get(block_columns * d_));
        engine.kernels.pack_positions({encoded + j * d_, mean, std::min(block_columns, t_ - j), d_, rows,
                                       positions_.get() + j * d_, positions_.get() + t_padded_ * d_ + j * block_columns,
                                       t_padded_ * block_columns, floats_.get() + j, sums_.get() + j});
    });
}

void CpuCrossCache::project(Engine& engine, const float* encoded) {
    f32_ = allocate<float>(2 * static_cast<int64_t>(layers_.size()) * t_ * d_);
    float* kv = engine.more_floats.get(t_ * 2 * d_);
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
        linear(engine, {encoded, t_, d_}, nullptr, *layers_[layer], false, nullptr, kv);
        engine.pool.run(heads_, [&](int64_t h, int) {
            float* keys = const_cast<float*>(f32_keys(static_cast<int>(layer), static_cast<int>(h)));
            for (int64_t j = 0; j < t_; ++j) {
                const float* k = kv + j * 2 * d_ + h * size_;
                std::copy_n(k, size_, keys + j * size_);
                std::copy_n(k + d_, size_, keys + (t_ + j) * size_);
            }
        });
    }
}

Int8Weight CpuCrossCache::keys() const {
    return {positions_.get(), floats_.get(), sums_.get(), floats_.get() + t_padded_, t_, d_};
}

Int8Weight CpuCrossCache::values() const {
    const float* mean = floats_.get() + 2 * t_padded_;
    return {positions_.get() + t_padded_ * d_, mean + d_, sums_.get() + t_padded_, mean, d_, t_padded_};
}

namespace {

/// Where the probabilities of wanted heads go.
class Capture {
  public:
    Capture(std::span<const int32_t> wanted, int64_t n, int64_t t, std::vector<float>* weights)
        : wanted_(wanted), t_(t) {
        if (wanted.empty()) return;
        const size_t before = weights->size();
        weights->resize(before + static_cast<size_t>(n * t) * wanted.size());
        values_ = weights->data() + before;
    }
    /// Null for a head that is not wanted.
    float* at(int64_t item, int64_t head) const {
        const auto place = std::find(wanted_.begin(), wanted_.end(), static_cast<int32_t>(head));
        if (place == wanted_.end()) return nullptr;
        return values_ + (item * static_cast<int64_t>(wanted_.size()) + (place - wanted_.begin())) * t_;
    }

  private:
    std::span<const int32_t> wanted_;
    int64_t t_;
    float* values_ = nullptr;
};

/// The three steps of int8 attention over the encoder's output.
struct LatentStep {
    Engine& engine;
    int64_t n, d;
    int heads;
    const CpuWeight& layer;
    int64_t size = cross_head_size;
    int64_t input_bytes = engine.kernels.bytes_per_input;

    /// `rows` rows of k floats to quantized activations, row_bytes apart; all scales times `factor`.
    const uint8_t* quantize(int thread, const float* x, int64_t rows, int64_t stride, int64_t k, float* scale) const {
        uint8_t* q = engine.thread_bytes[thread].get(rows * k * input_bytes);
        for (int64_t r = 0; r < rows; ++r)
            scale[r] = engine.kernels.quantize(x + r * stride, q + r * k * input_bytes, k, k);
        return q;
    }

    /// W_kᵀ q / √size of one head. q [n, d] → absorbed [n, heads, d].
    void absorb(int64_t head, int thread, const float* q, float* absorbed) const {
        const Int8Weight keys = layer.cross.keys_of(head);
        float* scaled = engine.thread_floats[thread].get(n * (size + 1));
        float* scale = scaled + n * size;
        const float root = 1.0F / std::sqrt(static_cast<float>(size));
        for (int64_t i = 0; i < n; ++i) {
            for (int64_t c = 0; c < size; ++c)
                scaled[i * size + c] = root * q[i * d + head * size + c] * layer.cross.key_scale[head * size + c];
        }
        const uint8_t* bytes = quantize(thread, scaled, n, size, size, scale);
        engine.kernels.product_i8(
            {bytes, scale, n, keys, 0, keys.column_blocks(), false, nullptr, absorbed + head * d, heads * d});
    }

    /// Of rows [begin, end), which listen to one window (item i's head h is row i·heads + h): absorbed → the mean of
    /// what they hear, mixed [n, heads, d].
    void listen(int64_t begin, int64_t end, int thread, const CpuCrossCache& cache, const float* absorbed, float* mixed,
                const Capture& capture) const {
        const int64_t count = end - begin, t_padded = cache.t_padded();
        float* scores = engine.thread_floats[thread].get(count * (t_padded + 1));
        float* scale = scores + count * t_padded;
        const uint8_t* bytes = quantize(thread, absorbed + begin * d, count, d, d, scale);
        const Int8Weight keys = cache.keys(), values = cache.values();
        engine.kernels.product_i8(
            {bytes, scale, count, keys, 0, keys.column_blocks(), false, nullptr, scores, t_padded});
        uint8_t* shares = engine.thread_bytes[thread].get(count * t_padded * input_bytes);
        for (int64_t r = 0; r < count; ++r) {
            scale[r] = engine.kernels.weigh_positions(scores + r * t_padded, cache.position_scale(), cache.t(),
                                                      t_padded, shares + r * t_padded * input_bytes,
                                                      capture.at((begin + r) / heads, (begin + r) % heads));
        }
        engine.kernels.product_i8(
            {shares, scale, count, values, 0, values.column_blocks(), false, nullptr, mixed + begin * d, d});
    }

    /// W_v (…) + b of one head. mixed [n, heads, d] → out [n, d].
    void project(int64_t head, int thread, const float* mixed, float* out) const {
        float* scale = engine.thread_floats[thread].get(n);
        const uint8_t* bytes = quantize(thread, mixed + head * d, n, heads * d, d, scale);
        const int64_t blocks = size / block_columns;
        engine.kernels.product_i8(
            {bytes, scale, n, layer.cross.values, head * blocks, (head + 1) * blocks, false, nullptr, out, d});
    }
};

/// Rows of one product: its scores and one window's keys or values share the L2 cache.
constexpr int64_t most_rows = 48;

struct RowRange {
    int64_t begin = 0, end = 0;
};

/// Rows that listen to one window are together, so that it is read once for all of them: texts of one beam, tokens of
/// one text.
std::vector<RowRange> rows_by_window(std::span<const CrossCache* const> caches, int64_t heads, int64_t threads) {
    std::vector<RowRange> ranges;
    const auto n = static_cast<int64_t>(caches.size());
    for (int64_t first = 0, last = 0; first < n; first = last) {
        while (last < n && caches[static_cast<size_t>(last)] == caches[static_cast<size_t>(first)]) ++last;
        const int64_t rows = (last - first) * heads;
        const int64_t pieces = (rows + most_rows - 1) / most_rows;
        for (int64_t piece = 0; piece < pieces; ++piece)
            ranges.push_back({first * heads + piece * rows / pieces, first * heads + (piece + 1) * rows / pieces});
    }
    if (static_cast<int64_t>(ranges.size()) % threads == 0) return ranges;
    // Halves, as whole ranges would leave a thread without work at the end.
    std::vector<RowRange> halves;
    for (const RowRange& range : ranges) {
        const int64_t middle = (range.begin + range.end + 1) / 2;
        halves.push_back({range.begin, middle});
        if (middle < range.end) halves.push_back({middle, range.end});
    }
    return halves;
}

}  // namespace

void cross_attention_step(Engine& engine, const float* q, int64_t d, int heads, int layer,
                          std::span<const CrossCache* const> caches, float* out, std::span<const int32_t> heads_wanted,
                          std::vector<float>* weights) {
    const auto n = static_cast<int64_t>(caches.size());
    if (n == 0) return;
    const auto cache_of = [&](int64_t i) -> const CpuCrossCache& {
        return static_cast<const CpuCrossCache&>(*caches[static_cast<size_t>(i)]);
    };
    const Capture capture(heads_wanted, n, cache_of(0).t(), weights);
    if (!cache_of(0).is_int8()) {
        const int64_t size = d / heads;
        engine.pool.run(n * heads, [&](int64_t task, int thread) {
            const int64_t i = task / heads;
            const auto h = static_cast<int>(task % heads);
            const CpuCrossCache& cache = cache_of(i);
            float* scores = engine.thread_floats[thread].get(cache.t());
            attend_f32(engine.kernels, q + i * d + h * size, cache.f32_keys(layer, h), cache.f32_values(layer, h), size,
                       cache.t(), size, scores, out + i * d + h * size);
            if (float* wanted = capture.at(i, h)) std::copy_n(scores, cache.t(), wanted);
        });
        return;
    }
    const LatentStep step{engine, n, d, heads, cache_of(0).layer(layer)};
    float* absorbed = engine.floats.get(2 * n * heads * d);
    float* mixed = absorbed + n * heads * d;
    engine.pool.run(heads, [&](int64_t h, int thread) { step.absorb(h, thread, q, absorbed); });
    const std::vector<RowRange> ranges = rows_by_window(caches, heads, engine.pool.threads());
    engine.pool.run(static_cast<int64_t>(ranges.size()), [&](int64_t task, int thread) {
        const auto [begin, end] = ranges[static_cast<size_t>(task)];
        step.listen(begin, end, thread, cache_of(begin / heads), absorbed, mixed, capture);
    });
    engine.pool.run(heads, [&](int64_t h, int thread) { step.project(h, thread, mixed, out); });
}

}  // namespace ft::cpu
