// In place of oneDNN, which Debian has as a shared library only: float32 products of the CPU's backend, in blocks of a
// panel that stays in the cache. Slower, but only parity with the GPU is asked of it.
#include <algorithm>

#include "backends/cpu/engine.h"

namespace ft::cpu {

namespace {

constexpr int64_t wide = 16, deep = 256, tall = 6;

/// B [deep, wide] of the block at (k0, n0), zeros beyond it.
void pack(bool transposed, const float* b, int64_t ldb, int64_t k0, int64_t n0, int64_t depth, int64_t width,
          float* to) {
    for (int64_t k = 0; k < depth; ++k) {
        for (int64_t j = 0; j < wide; ++j)
            to[k * wide + j] = j >= width ? 0.0F : transposed ? b[(n0 + j) * ldb + k0 + k] : b[(k0 + k) * ldb + n0 + j];
    }
}

[[gnu::target_clones("avx512f", "arch=haswell", "default")]] void multiply(const float* a, int64_t lda, int64_t rows,
                                                                           int64_t depth, const float* panel,
                                                                           float* sums) {
    float block[tall][wide] = {};
    const float* lines[tall];
    for (int64_t i = 0; i < tall; ++i) lines[i] = a + std::min(i, rows - 1) * lda;
    for (int64_t k = 0; k < depth; ++k) {
        for (int64_t i = 0; i < tall; ++i) {
            for (int64_t j = 0; j < wide; ++j) block[i][j] += lines[i][k] * panel[k * wide + j];
        }
    }
    for (int64_t i = 0; i < tall; ++i) std::copy_n(block[i], wide, sums + i * wide);
}

}  // namespace

void sgemm(bool transposed, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb,
           float* c, int64_t ldc) {
    float panel[deep * wide], sums[tall * wide];
    for (int64_t n0 = 0; n0 < n; n0 += wide) {
        const int64_t width = std::min(wide, n - n0);
        for (int64_t k0 = 0; k0 < k; k0 += deep) {
            const int64_t depth = std::min(deep, k - k0);
            pack(transposed, b, ldb, k0, n0, depth, width, panel);
            for (int64_t m0 = 0; m0 < m; m0 += tall) {
                const int64_t rows = std::min(tall, m - m0);
                multiply(a + m0 * lda + k0, lda, rows, depth, panel, sums);
                for (int64_t i = 0; i < rows; ++i) {
                    float* row = c + (m0 + i) * ldc + n0;
                    for (int64_t j = 0; j < width; ++j) row[j] = (k0 == 0 ? 0.0F : row[j]) + sums[i * wide + j];
                }
            }
        }
        if (k == 0) {
            for (int64_t i = 0; i < m; ++i) std::fill_n(c + i * ldc + n0, width, 0.0F);
        }
    }
}

std::string onednn_version() {
    return "left out";
}

}  // namespace ft::cpu
