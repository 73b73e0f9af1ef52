#pragma once
// The arithmetic of Silero's network, once for every instruction set (base/simd.h).
#include <cstdint>
#include <cstring>

#include "base/simd.h"
#include "speech/silero_weights.h"

namespace ft::silero {

template <typename V>
FT_INLINE void load(V& to, const float* from) {
    std::memcpy(&to, from, sizeof to);
}
template <typename V>
FT_INLINE void store(float* to, const V& from) {
    std::memcpy(to, &from, sizeof from);
}

/// Where row r of an activation lies: frame r / per_frame, place r % per_frame.
struct Rows {
    int per_frame;
    int frame_stride;  // floats
    int row_stride;    // floats
    FT_INLINE ptrdiff_t offset(int row) const {
        return static_cast<ptrdiff_t>(row / per_frame) * frame_stride +
               static_cast<ptrdiff_t>(row % per_frame) * row_stride;
    }
};

/// How a product is cut into tiles of rows × (vectors · lanes) sums that stay in registers.
template <int lanes_, int rows_, int vectors_>
struct Tile {
    static constexpr int lanes = lanes_, rows = rows_, vectors = vectors_;
    static constexpr int columns = lanes_ * vectors_;
    static_assert(columns % 16 == 0 || 16 % columns == 0);
};

/// Where vector v of the tile that begins at `column` starts in a panelled matrix, for k = 0.
template <typename T>
FT_INLINE const float* column_of(const PackedMatrix& b, int column, int v) {
    const int at = column + v * T::lanes;
    return b.weights[static_cast<size_t>(at / 16) * static_cast<size_t>(b.k)].at + at % 16;
}

/// c = a · b + bias, then ReLU if asked. rows must be a multiple of T::rows, b's columns of T::columns;
/// c must not overlap a.
template <typename T>
FT_INLINE void multiply(const PackedMatrix& b, const float* a, Rows a_rows, int rows, float* c, Rows c_rows,
                        bool relu) {
    using V = Vector<float, T::lanes>;
    const ptrdiff_t k_count = b.k;
    for (int column = 0; column < b.panels * 16; column += T::columns) {
        const float* weights[T::vectors];
        V bias[T::vectors];
        for (int v = 0; v < T::vectors; ++v) {
            weights[v] = column_of<T>(b, column, v);
            const int at = column + v * T::lanes;
            load(bias[v], b.bias[static_cast<size_t>(at / 16)].at + at % 16);
        }
        for (int row = 0; row < rows; row += T::rows) {
            V sum[T::rows][T::vectors];
            const float* from[T::rows];
            for (int r = 0; r < T::rows; ++r) {
                from[r] = a + a_rows.offset(row + r);
                for (int v = 0; v < T::vectors; ++v) sum[r][v] = bias[v];
            }
            for (ptrdiff_t k = 0; k < k_count; ++k) {
                V w[T::vectors];
                for (int v = 0; v < T::vectors; ++v) load(w[v], weights[v] + k * 16);
                for (int r = 0; r < T::rows; ++r) {
                    for (int v = 0; v < T::vectors; ++v) sum[r][v] += from[r][k] * w[v];
                }
            }
            for (int r = 0; r < T::rows; ++r) {
                float* to = c + c_rows.offset(row + r) + column;
                for (int v = 0; v < T::vectors; ++v) {
                    if (relu) sum[r][v] = sum[r][v] > 0.0F ? sum[r][v] : V{};
                    store(to + v * T::lanes, sum[r][v]);
                }
            }
        }
    }
}

/// e^x within 2e-7, relative; x is clamped to ±87.
template <int lanes>
FT_INLINE void exponential(Vector<float, lanes>& x) {
    using V = Vector<float, lanes>;
    using I = Vector<int32_t, lanes>;
    constexpr float to_integer = 12582912.0F;  // 1.5 · 2^23: adding it rounds to a whole number
    x = x > 87.0F ? V{} + 87.0F : x;
    x = x < -87.0F ? V{} - 87.0F : x;
    const V n = (x * 1.44269504088896341F + to_integer) - to_integer;
    const V r = (x - n * 0.693359375F) + n * 2.12194440e-4F;  // x − n · log 2, which stands in two parts
    V series = 1.0F / 120 + r * (1.0F / 720);
    series = 1.0F / 6 + r * (1.0F / 24 + r * series);
    series = 1.0F + r * (1.0F + r * (0.5F + r * series));
    const I bits = (__builtin_convertvector(n, I) + 127) << 23;
    V power;
    std::memcpy(&power, &bits, sizeof power);
    x = series * power;
}

template <int lanes>
FT_INLINE void sigmoid(Vector<float, lanes>& x) {
    x = -x;
    exponential<lanes>(x);
    x = 1.0F / (1.0F + x);
}

template <int lanes>
FT_INLINE void hyperbolic_tangent(Vector<float, lanes>& x) {
    x = x * -2.0F;
    exponential<lanes>(x);
    x = 2.0F / (1.0F + x) - 1.0F;
}

/// One step of the LSTM cell. gates: [4 · 128], what the input contributes, overwritten; h, c: [128], updated.
template <typename T>
FT_INLINE void lstm_step(const PackedMatrix& hidden, float* gates, float* h, float* c) {
    constexpr int lanes = T::lanes;
    using V = Vector<float, lanes>;
    for (int column = 0; column < 4 * silero_hidden; column += T::columns) {
        V sum[T::vectors];
        const float* weights[T::vectors];
        for (int v = 0; v < T::vectors; ++v) {
            load(sum[v], gates + column + v * lanes);
            weights[v] = column_of<T>(hidden, column, v);
        }
        for (ptrdiff_t k = 0; k < silero_hidden; ++k) {
            for (int v = 0; v < T::vectors; ++v) {
                V w;
                load(w, weights[v] + k * 16);
                sum[v] += h[k] * w;
            }
        }
        for (int v = 0; v < T::vectors; ++v) store(gates + column + v * lanes, sum[v]);
    }
    for (int i = 0; i < silero_hidden; i += lanes) {
        V in, forget, cell, out, memory;
        load(in, gates + i);
        load(forget, gates + silero_hidden + i);
        load(cell, gates + 2 * silero_hidden + i);
        load(out, gates + 3 * silero_hidden + i);
        load(memory, c + i);
        sigmoid<lanes>(in);
        sigmoid<lanes>(forget);
        hyperbolic_tangent<lanes>(cell);
        sigmoid<lanes>(out);
        memory = forget * memory + in * cell;
        store(c + i, memory);
        hyperbolic_tangent<lanes>(memory);
        memory = out * memory;
        store(h + i, memory);
    }
}

}  // namespace ft::silero
