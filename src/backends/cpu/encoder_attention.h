#pragma once
#include "backends/cpu/engine.h"

namespace ft::cpu {

/// See Backend::encoder_attention. qkv [t, 3·d], out [t, d].
void encoder_attention(Engine& engine, const float* qkv, int64_t t, int64_t d, int heads, float* out);

}  // namespace ft::cpu
