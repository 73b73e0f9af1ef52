#pragma once
// The truth for tests: every operation of tensor/backend.h as plain loops, sums in double, one thread.
#include <memory>

#include "tensor/backend.h"

namespace ft {

/// Computes in float32 only and ignores `threads`. Packing "reference-f32-v1": the row-major float32 weight followed,
/// for linear, conv1d and norm, by shape[0] float32 biases (zeros when there are none), all in the machine's byte
/// order. Throws Error{unsupported} for another precision or instruction set. Every operation throws Error{internal}
/// for shapes, indices or objects that do not belong together.
std::unique_ptr<Backend> make_reference_backend(const BackendOptions& options);
/// Throws Error{unsupported} for a precision other than float32.
std::unique_ptr<WeightPacker> make_reference_packer(Precision precision);

}  // namespace ft
