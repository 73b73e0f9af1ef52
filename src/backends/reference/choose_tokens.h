#pragma once
// The rules and the choice on one row of logits, apart from the backend: also what other backends' choices are tested
// with.
#include <span>

#include "tensor/backend.h"

namespace ft::reference {

/// Applies `rule` to the logits of one row, in this order: probe, forbidden tokens, timestamp rule, choice.
/// Throws Error{internal} when no token is allowed or the logits are not finite.
Choice choose_token(std::span<const float> logits, const TokenRule& rule);

}  // namespace ft::reference
