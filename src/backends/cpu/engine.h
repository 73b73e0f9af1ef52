#pragma once
// What the operations of the CPU backend share: the pool, the kernels and memory kept between calls.
#include <vector>

#include "backends/cpu/kernels.h"
#include "backends/cpu/memory.h"
#include "backends/cpu/weights.h"
#include "base/thread_pool.h"

namespace ft::cpu {

struct Engine {
    Engine(const Kernels& chosen, Precision wanted, int threads)
        : kernels(chosen),
          precision(wanted),
          pool(threads),
          thread_floats(pool.threads()),
          thread_bytes(pool.threads()) {}

    const Kernels& kernels;
    Precision precision;
    ThreadPool pool;
    // Scratch of one thread inside a loop of the pool.
    std::vector<Scratch<float>> thread_floats;
    std::vector<Scratch<uint8_t>> thread_bytes;
    // Scratch of one operation, written before its loop starts.
    Scratch<float> floats, more_floats;
    Scratch<uint8_t> bytes;
    Scratch<int16_t> packed_heads;
};

/// A matrix of rows that may overlap (a convolution's input): row r starts at data + r·stride.
struct Rows {
    const float* data = nullptr;
    int64_t count = 0, stride = 0;
};

/// out = act(norm?(x)·wᵀ + b) (+ residual); see Backend::linear. linear.cpp
void linear(Engine& engine, const Rows& x, const CpuWeight* norm, const CpuWeight& weight, bool gelu,
            const float* residual, float* out);
/// C[m, n] = A[m, k] · B, B [n, k] when `transposed`, else [k, n]; single-threaded, large fp32 products. onednn.cpp
void sgemm(bool transposed, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb,
           float* c, int64_t ldc);
std::string onednn_version();  ///< "2.6.3", at run time. onednn.cpp

}  // namespace ft::cpu
