#pragma once
// Cross-attention: what a window keeps for the decoder, in three forms, and a step over windows of any of them.
//
// float32: keys and values of every layer. In int8 there is a choice. Latent (cross_latent.cpp): no keys and values are
// made, every layer listens to the encoder's output itself; that costs nothing beforehand and more at every token.
// Projected (cross_projected.cpp): keys and values are made once, which pays off where several texts of one window are
// followed at once.
#include <memory>
#include <span>
#include <vector>

#include "backends/cpu/engine.h"

namespace ft::cpu {

enum class CrossForm : uint8_t { float32, latent, projected };

/// One window, for as long as the weights live that it was made with.
class CpuCrossCache : public CrossCache {
  public:
    virtual CrossForm form() const = 0;
    virtual int64_t t() const = 0;
};

/// encoded [t, d]; `listeners` as Backend::make_cross_cache. Throws Error{unsupported} for heads that int8 weights are
/// not packed for.
std::unique_ptr<CpuCrossCache> make_cross_cache(Engine& engine, const float* encoded, int64_t t, int64_t d,
                                                std::span<const Weight* const> kv_weights, int heads, int listeners);

/// q [n, d]; caches[i] is what row i listens to. `weights` [n, heads_wanted, T], appended; may be null when no head is
/// wanted.
void cross_attention_step(Engine& engine, const float* q, int64_t d, int heads, int layer,
                          std::span<const CrossCache* const> caches, float* out, std::span<const int32_t> heads_wanted,
                          std::vector<float>* weights);

// ── what the forms share ─────────────────────────────────────────────────────────────────────────────────────────

/// Where the probabilities of wanted heads go.
class Capture {
  public:
    Capture(std::span<const int32_t> wanted, int64_t n, int64_t t, std::vector<float>* weights);
    /// T floats, or null for a head that is not wanted.
    float* at(int64_t item, int64_t head) const;

  private:
    std::span<const int32_t> wanted_;
    int64_t t_;
    float* values_ = nullptr;
};

/// Items [first, first + caches.size()) of a step; their caches are of one form. q and out [caches.size(), d].
struct CrossStep {
    Engine& engine;
    const float* q;
    int64_t d;
    int heads;
    int layer;
    std::span<const CrossCache* const> caches;
    float* out;
    int64_t first;
    const Capture& capture;

    int64_t n() const { return static_cast<int64_t>(caches.size()); }
    template <typename Cache>
    const Cache& cache(int64_t item) const {
        return static_cast<const Cache&>(*caches[static_cast<size_t>(item)]);
    }
    float* captured(int64_t item, int64_t head) const { return capture.at(first + item, head); }
};

/// Neighbouring rows [begin, end) that listen to one window, so that it is read once for all of them.
struct RowRange {
    int64_t begin = 0, end = 0;
};
/// Each item has `rows_each` rows. No range is so long that its scores leave no room in the L2 cache for keys.
std::vector<RowRange> rows_by_window(std::span<const CrossCache* const> caches, int64_t rows_each);
/// Of x [rows, d] → mean [d].
void mean_of_rows(Engine& engine, const float* x, int64_t rows, int64_t d, float* mean);
/// `rows` rows of k floats, `stride` apart, as quantized activations side by side in the thread's bytes; scales in
/// `scale`.
const uint8_t* quantize_rows(Engine& engine, int thread, const float* x, int64_t rows, int64_t stride, int64_t k,
                             float* scale);

void attend_latent(const CrossStep& step);
void attend_projected(const CrossStep& step);
std::unique_ptr<CpuCrossCache> make_latent_cache(Engine& engine, const float* encoded, int64_t t, int64_t d,
                                                 std::vector<const CpuWeight*> layers);
std::unique_ptr<CpuCrossCache> make_projected_cache(Engine& engine, const float* encoded, int64_t t, int64_t d,
                                                    const std::vector<const CpuWeight*>& layers);

}  // namespace ft::cpu
