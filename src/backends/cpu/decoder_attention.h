#pragma once
// The decoder's caches and the two attentions of a step.
#include <span>
#include <vector>

#include "backends/cpu/engine.h"

namespace ft::cpu {

/// Keys and values of one window: int8 with a scale a position and head, or f32.
class CpuCrossCache : public CrossCache {
  public:
    CpuCrossCache(Precision precision, int layers, int64_t t, int64_t d, int heads);

    bool is_int8() const { return int8_ != nullptr; }
    int64_t t() const { return t_; }
    CrossHead head(int layer, int h) const;
    /// f32 rows of size() for every position: keys, then values, of one head.
    float* f32_keys(int layer, int h) const { return f32_.get() + (layer * heads_ + h) * 2 * t_ * size_; }
    float* f32_values(int layer, int h) const { return f32_keys(layer, h) + t_ * size_; }
    /// Takes k and v of all positions, rows of stride floats, for one head.
    void store(int layer, int h, const float* k, const float* v, int64_t stride);

  private:
    int64_t t_, t_padded_, size_;
    int heads_;
    AlignedArray<int8_t> int8_;
    AlignedArray<float> scales_;  // int8: key scales, then value scales, of each head
    AlignedArray<float> f32_;
};

/// [layers][rows][2][positions][d] in f32.
class CpuSelfCache : public SelfCache {
  public:
    CpuSelfCache(int layers, int rows, int positions, int64_t d)
        : layers_(layers),
          rows_(rows),
          positions_(positions),
          d_(d),
          values_(allocate<float>(int64_t{2} * layers * rows * positions * d)) {}

    int layers() const { return layers_; }
    int rows() const { return rows_; }
    int positions() const { return positions_; }
    int64_t d() const { return d_; }
    float* keys(int layer, int slot) { return values_.get() + (int64_t{layer} * rows_ + slot) * 2 * positions_ * d_; }
    float* values(int layer, int slot) { return keys(layer, slot) + positions_ * d_; }

  private:
    int layers_, rows_, positions_;
    int64_t d_;
    AlignedArray<float> values_;
};

void self_attention_step(Engine& engine, const float* qkv, int heads, int layer, CpuSelfCache& cache,
                         std::span<const int32_t> slots, std::span<const int32_t> positions, float* out);

/// `weights` [n, heads_wanted, T], appended; may be null when no head is wanted.
void cross_attention_step(Engine& engine, const float* q, int64_t d, int heads, int layer,
                          std::span<const CrossCache* const> caches, float* out, std::span<const int32_t> heads_wanted,
                          std::vector<float>* weights);

}  // namespace ft::cpu
