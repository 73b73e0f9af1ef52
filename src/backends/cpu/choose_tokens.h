#pragma once
#include "backends/cpu/engine.h"

namespace ft::cpu {

/// Applies one rule to one row of logits (changed in place). See Backend::choose_tokens.
/// Throws Error{internal} when the rule allows no token at all.
Choice choose_token(const Kernels& kernels, const TokenRule& rule, float* logits, int64_t vocabulary);

}  // namespace ft::cpu
