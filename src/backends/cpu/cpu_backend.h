#pragma once
// Whisper on x86-64 processors: int8 (weights and activations) or fp32, the instruction set chosen at run time.
#include <memory>

#include "tensor/backend.h"

namespace ft {

/// Throws Error{unsupported} for a precision other than float32 and int8, or an instruction set the machine lacks.
std::unique_ptr<Backend> make_cpu_backend(const BackendOptions& options);
/// Throws Error{unsupported} for a precision other than float32 and int8.
std::unique_ptr<WeightPacker> make_cpu_packer(Precision precision);

}  // namespace ft
