#include <algorithm>

#include "backends/cpu/engine.h"

namespace ft::cpu {

namespace {

constexpr int64_t row_tile = 96;        // 8 register tiles of 12 rows; with k = 3072 its int8 rows stay in the L2 cache
constexpr int64_t few_rows = 48;        // below: every thread takes columns, so that the weights are read once
constexpr int64_t many_rows_f32 = 512;  // from here on oneDNN is faster; decoding never has that many rows, so that a
                                        // row's result never depends on its batch

const float* normalized(const Engine& engine, const float* x, const CpuWeight* norm, int64_t k, float* scratch) {
    if (norm == nullptr) return x;
    engine.kernels.layer_norm(x, norm->values, norm->bias, scratch, k);
    return scratch;
}

void quantize_rows(Engine& engine, const Rows& x, int64_t begin, int64_t count, const CpuWeight* norm,
                   const CpuWeight& w, uint8_t* q, float* scale, float* scratch) {
    const int64_t bytes = w.int8.k * engine.kernels.bytes_per_input;
    for (int64_t r = 0; r < count; ++r) {
        const float* row = normalized(engine, x.data + (begin + r) * x.stride, norm, w.k, scratch);
        scale[r] = engine.kernels.quantize(row, q + r * bytes, w.k, w.int8.k);
    }
}

void linear_i8(Engine& engine, const Rows& x, const CpuWeight* norm, const CpuWeight& w, bool gelu,
               const float* residual, float* out) {
    const int64_t blocks = w.int8.column_blocks();
    const int64_t row_bytes = w.int8.k * engine.kernels.bytes_per_input;
    const auto product = [&](int64_t row, int64_t rows, const uint8_t* q, const float* scale, int64_t first,
                             int64_t last) {
        engine.kernels.product_i8({q, scale, rows, w.int8, first, last, gelu,
                                   residual == nullptr ? nullptr : residual + row * w.n, out + row * w.n, w.n});
    };
    if (x.count <= few_rows) {
        uint8_t* q = engine.bytes.get(x.count * row_bytes);
        float* scale = engine.floats.get(x.count + w.k);
        quantize_rows(engine, x, 0, x.count, norm, w, q, scale, scale + x.count);
        // Small enough pieces to balance the threads, large enough (≥ 64 columns) to stay sequential in memory.
        const int64_t step = std::max<int64_t>(4, blocks / (8 * engine.pool.threads()) / 2 * 2);
        engine.pool.run((blocks + step - 1) / step, [&](int64_t task, int) {
            product(0, x.count, q, scale, task * step, std::min(blocks, (task + 1) * step));
        });
        return;
    }
    engine.pool.run((x.count + row_tile - 1) / row_tile, [&](int64_t task, int thread) {
        const int64_t row = task * row_tile;
        const int64_t rows = std::min(row_tile, x.count - row);
        uint8_t* q = engine.thread_bytes[thread].get(row_tile * row_bytes);
        float* scale = engine.thread_floats[thread].get(row_tile + w.k);
        quantize_rows(engine, x, row, rows, norm, w, q, scale, scale + row_tile);
        product(row, rows, q, scale, 0, blocks);
    });
}

void linear_f32_many(Engine& engine, const Rows& x, const CpuWeight* norm, const CpuWeight& w, bool gelu,
                     const float* residual, float* out) {
    engine.pool.run((x.count + row_tile - 1) / row_tile, [&](int64_t task, int thread) {
        const int64_t row = task * row_tile;
        const int64_t rows = std::min(row_tile, x.count - row);
        float* scratch = engine.thread_floats[thread].get(row_tile * (w.k + w.n));
        const float* a = x.data + row * x.stride;
        int64_t lda = x.stride;
        if (norm != nullptr || x.stride < w.k) {  // overlapping rows are copied apart: oneDNN takes none
            for (int64_t r = 0; r < rows; ++r) {
                const float* row = normalized(engine, a + r * x.stride, norm, w.k, scratch + r * w.k);
                if (norm == nullptr) std::copy_n(row, w.k, scratch + r * w.k);
            }
            a = scratch;
            lda = w.k;
        }
        float* result = scratch + row_tile * w.k;  // aside: the residual may be `out` itself
        sgemm(true, rows, w.n, w.k, a, lda, w.values, w.k, result, w.n);
        for (int64_t r = 0; r < rows; ++r) {
            float* values = result + r * w.n;
            engine.kernels.axpy(1.0F, w.bias, values, w.n);
            if (gelu) engine.kernels.gelu(values, w.n);
            const int64_t at = (row + r) * w.n;
            for (int64_t c = 0; c < w.n; ++c)
                out[at + c] = residual == nullptr ? values[c] : values[c] + residual[at + c];
        }
    });
}

void linear_f32_few(Engine& engine, const Rows& x, const CpuWeight* norm, const CpuWeight& w, bool gelu,
                    const float* residual, float* out) {
    float* rows = engine.floats.get(x.count * w.k);
    for (int64_t r = 0; r < x.count; ++r) {
        const float* row = normalized(engine, x.data + r * x.stride, norm, w.k, rows + r * w.k);
        if (norm == nullptr) std::copy_n(row, w.k, rows + r * w.k);
    }
    const int64_t step = std::max<int64_t>(64, w.n / (8 * engine.pool.threads()) / 64 * 64);
    engine.pool.run((w.n + step - 1) / step, [&](int64_t task, int) {
        engine.kernels.product_f32(rows, x.count, w.k, w.values, w.bias, task * step, std::min(w.n, (task + 1) * step),
                                   gelu, residual, out, w.n);
    });
}

}  // namespace

void linear(Engine& engine, const Rows& x, const CpuWeight* norm, const CpuWeight& w, bool gelu, const float* residual,
            float* out) {
    if (w.is_int8) return linear_i8(engine, x, norm, w, gelu, residual, out);
    if (x.count >= many_rows_f32) return linear_f32_many(engine, x, norm, w, gelu, residual, out);
    linear_f32_few(engine, x, norm, w, gelu, residual, out);
}

}  // namespace ft::cpu
