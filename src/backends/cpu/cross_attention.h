#pragma once
// What the decoder hears: a window's cache, and attention over it.
//
// In int8 no keys and values are made. With x the encoder's output, a score q·(W_k x) is (W_kᵀ q)·x, and the sum over
// positions of p·(W_v x + b) is W_v (Σ p·x) + b: the same numbers from x itself, which all layers and heads share. A
// window then takes 2·T·d bytes instead of 2·T·d a layer, and what was bound by memory is bound by arithmetic. x is
// kept less its mean over the window: scores of one query all change by the same, which softmax does not see, and the
// sum gets the mean back; so outlying dimensions, which are nearly constant, do not eat up the int8 range.
#include <span>
#include <vector>

#include "backends/cpu/engine.h"

namespace ft::cpu {

/// One window, for as long as the weights live that it was made with.
class CpuCrossCache : public CrossCache {
  public:
    /// encoded [t, d]. Throws Error{unsupported} for heads that int8 weights are not packed for.
    CpuCrossCache(Engine& engine, const float* encoded, int64_t t, int64_t d, std::span<const Weight* const> kv_weights,
                  int heads);

    int64_t t() const { return t_; }
    int64_t t_padded() const { return t_padded_; }
    const CpuWeight& layer(int index) const { return *layers_[static_cast<size_t>(index)]; }

    bool is_int8() const { return positions_ != nullptr; }
    /// int8: positions as columns [t, d], for scores.
    Int8Weight keys() const;
    /// int8: positions as depth [d, t_padded], for the weighted sum; adds the mean.
    Int8Weight values() const;
    const float* position_scale() const { return floats_.get(); }

    /// float32: rows of d/heads floats for every position, of one head.
    const float* f32_keys(int layer, int h) const { return f32_.get() + (layer * heads_ + h) * 2 * t_ * size_; }
    const float* f32_values(int layer, int h) const { return f32_keys(layer, h) + t_ * size_; }

  private:
    void keep_positions(Engine& engine, const float* encoded);
    void project(Engine& engine, const float* encoded);

    int64_t t_, t_padded_, d_, size_;
    int heads_;
    std::vector<const CpuWeight*> layers_;
    AlignedArray<int8_t> positions_;  // int8: keys, then values, t_padded·d each
    AlignedArray<float> floats_;      // int8: scale [t_padded], zeros [t_padded], mean [d], ones [d]
    AlignedArray<int32_t> sums_;      // int8: of keys [t_padded], zeros [d]
    AlignedArray<float> f32_;
};

/// q [n, d]; caches[i] is what row i listens to. `weights` [n, heads_wanted, T], appended; may be null when no head is
/// wanted.
void cross_attention_step(Engine& engine, const float* q, int64_t d, int heads, int layer,
                          std::span<const CrossCache* const> caches, float* out, std::span<const int32_t> heads_wanted,
                          std::vector<float>* weights);

}  // namespace ft::cpu
