#pragma once
// The decoder's own past: its cache, and attention over it.
#include <span>

#include "backends/cpu/engine.h"

namespace ft::cpu {

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

/// softmax(q·kᵀ/√size)·v of one query over n rows, `stride` floats apart; scores is scratch of n floats and afterwards
/// holds the probabilities.
void attend_f32(const Kernels& kernels, const float* q, const float* keys, const float* values, int64_t stride,
                int64_t n, int64_t size, float* scores, float* out);

}  // namespace ft::cpu
