#pragma once
// Whisper on NVIDIA GPUs, and the same kernels on the host for tests.
#include <memory>

#include "backends/cuda/work.h"
#include "tensor/backend.h"

namespace ft::cuda {

/// float32 or float16 (weights, caches and factors of products in halves, sums in float32). Throws Error{unsupported}
/// without a driver, a GPU or machine code for it, and for other precisions; Error{invalid_argument} for no such
/// device. With a log, every kernel's work is added to it.
std::unique_ptr<Backend> make_backend(const BackendOptions& options, WorkLog* work = nullptr);

}  // namespace ft::cuda

namespace ft::cuda_standin {

/// The same sources run by standin/machine.h: for tests only, a million times slower than a GPU.
std::unique_ptr<Backend> make_backend(const BackendOptions& options, WorkLog* work = nullptr);
/// Counts what kernels have to do, and does none of it: whatever is read is zero.
std::unique_ptr<Backend> make_counting_backend(const BackendOptions& options, WorkLog& work);

}  // namespace ft::cuda_standin
