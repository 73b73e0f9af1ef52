#pragma once
// Attention over the decoder's own past.
#include <span>

#include "backends/cpu/engine.h"
#include "backends/cpu/self_cache.h"

namespace ft::cpu {

/// See Backend::self_attention_step. A text that begins anew (position 0) forgets its slot's past.
void self_attention_step(Engine& engine, const float* qkv, int heads, int layer, CpuSelfCache& cache,
                         std::span<const int32_t> slots, std::span<const int32_t> positions, float* out);

}  // namespace ft::cpu
