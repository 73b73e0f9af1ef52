#include "backends/cpu/cross_attention.h"

#include <algorithm>

namespace ft::cpu {

namespace {

/// Keys and values of every layer and head, rows of d/heads floats for every position.
class FloatCache : public CpuCrossCache {
  public:
    FloatCache(Engine& engine, const float* encoded, int64_t t, int64_t d, const std::vector<const CpuWeight*>& layers,
               int heads)
        : t_(t),
          size_(d / heads),
          heads_(heads),
          values_(allocate<float>(2 * static_cast<int64_t>(layers.size()) * t * d)) {
        float* kv = engine.more_floats.get(t * 2 * d);
        for (size_t layer = 0; layer < layers.size(); ++layer) {
            linear(engine, {encoded, t, d}, nullptr, *layers[layer], false, nullptr, kv);
            engine.pool.run(heads, [&](int64_t h, int) {
                float* keys = at(static_cast<int>(layer), static_cast<int>(h));
                for (int64_t j = 0; j < t; ++j) {
                    const float* k = kv + j * 2 * d + h * size_;
                    std::copy_n(k, size_, keys + j * size_);
                    std::copy_n(k + d, size_, keys + (t + j) * size_);
                }
            });
        }
    }

    CrossForm form() const override { return CrossForm::float32; }
    int64_t t() const override { return t_; }
    const float* keys_and_values(int layer, int h) const { return at(layer, h); }

  private:
    float* at(int layer, int h) const { return values_.get() + (layer * heads_ + h) * 2 * t_ * size_; }

    int64_t t_, size_;
    int heads_;
    AlignedArray<float> values_;
};

void attend_float(const CrossStep& step) {
    const int64_t size = step.d / step.heads;
    step.engine.pool.run(step.n() * step.heads, [&](int64_t task, int thread) {
        const int64_t i = task / step.heads;
        const auto h = static_cast<int>(task % step.heads);
        const auto& cache = step.cache<FloatCache>(i);
        const int64_t at = i * step.d + h * size;
        const float* page = cache.keys_and_values(step.layer, h);
        FloatAttention attention{step.q + at, &page, 0, cache.t(), size};
        attention.n = cache.t();
        attention.size = size;
        attention.scores = step.engine.thread_floats[thread].get(cache.t());
        attention.out = step.out + at;
        step.engine.kernels.attend_f32(attention);
        if (float* wanted = step.captured(i, h)) std::copy_n(attention.scores, cache.t(), wanted);
    });
}

const CpuCrossCache& cpu_cache(const CrossCache* cache) {
    return static_cast<const CpuCrossCache&>(*cache);
}

/// Rows of one product: its scores and one window's keys or values share the L2 cache.
constexpr int64_t most_rows = 48;

}  // namespace

std::unique_ptr<CpuCrossCache> make_cross_cache(Engine& engine, const float* encoded, int64_t t, int64_t d,
                                                std::span<const Weight* const> kv_weights, int heads, int listeners) {
    std::vector<const CpuWeight*> layers;
    for (const Weight* weight : kv_weights) {
        layers.push_back(&cpu_weight(*weight));
        if (layers.back()->kind != WeightKind::cross_kv)
            throw Error(ErrorCode::internal, "cross-attention needs weights of the kind cross_kv");
    }
    if (layers.empty() || !layers.front()->is_int8)
        return std::make_unique<FloatCache>(engine, encoded, t, d, layers, heads);
    if (d / heads != cross_head_size) {
        throw Error(ErrorCode::unsupported, "heads of {} where int8 needs {}: use --compute_type float32", d / heads,
                    cross_head_size);
    }
    if (listeners > 1) return make_projected_cache(engine, encoded, t, d, layers);
    return make_latent_cache(engine, encoded, t, d, std::move(layers));
}

void cross_attention_step(Engine& engine, const float* q, int64_t d, int heads, int layer,
                          std::span<const CrossCache* const> caches, float* out, std::span<const int32_t> heads_wanted,
                          std::vector<float>* weights) {
    if (caches.empty()) return;
    const Capture capture(heads_wanted, static_cast<int64_t>(caches.size()), cpu_cache(caches[0]).t(), weights);
    for (size_t first = 0, last = 0; first < caches.size(); first = last) {
        const CrossForm form = cpu_cache(caches[first]).form();
        while (last < caches.size() && cpu_cache(caches[last]).form() == form) ++last;
        const auto at = static_cast<int64_t>(first);
        const CrossStep step{engine,       q + at * d, d,      heads, layer, caches.subspan(first, last - first),
                             out + at * d, at,         capture};
        switch (form) {
            case CrossForm::float32:
                attend_float(step);
                break;
            case CrossForm::latent:
                attend_latent(step);
                break;
            case CrossForm::projected:
                attend_projected(step);
                break;
        }
    }
}

Capture::Capture(std::span<const int32_t> wanted, int64_t n, int64_t t, std::vector<float>* weights)
    : wanted_(wanted), t_(t) {
    if (wanted.empty()) return;
    const size_t before = weights->size();
    weights->resize(before + static_cast<size_t>(n * t) * wanted.size());
    values_ = weights->data() + before;
}

float* Capture::at(int64_t item, int64_t head) const {
    const auto place = std::find(wanted_.begin(), wanted_.end(), static_cast<int32_t>(head));
    if (place == wanted_.end()) return nullptr;
    return values_ + (item * static_cast<int64_t>(wanted_.size()) + (place - wanted_.begin())) * t_;
}

std::vector<RowRange> rows_by_window(std::span<const CrossCache* const> caches, int64_t rows_each) {
    std::vector<RowRange> ranges;
    const auto n = static_cast<int64_t>(caches.size());
    for (int64_t first = 0, last = 0; first < n; first = last) {
        while (last < n && caches[static_cast<size_t>(last)] == caches[static_cast<size_t>(first)]) ++last;
        const int64_t rows = (last - first) * rows_each;
        const int64_t pieces = (rows + most_rows - 1) / most_rows;
        for (int64_t piece = 0; piece < pieces; ++piece) {
            ranges.push_back(
                {first * rows_each + piece * rows / pieces, first * rows_each + (piece + 1) * rows / pieces});
        }
    }
    return ranges;
}

void mean_of_rows(Engine& engine, const float* x, int64_t rows, int64_t d, float* mean) {
    std::fill_n(mean, d, 0.0F);
    for (int64_t j = 0; j < rows; ++j) engine.kernels.axpy(1.0F / static_cast<float>(rows), x + j * d, mean, d);
}

const uint8_t* quantize_rows(Engine& engine, int thread, const float* x, int64_t rows, int64_t stride, int64_t k,
                             float* scale) {
    const int64_t row_bytes = k * engine.kernels.bytes_per_input;
    uint8_t* q = engine.thread_bytes[thread].get(rows * row_bytes);
    for (int64_t r = 0; r < rows; ++r) scale[r] = engine.kernels.quantize(x + r * stride, q + r * row_bytes, k, k);
    return q;
}

}  // namespace ft::cpu
