// Matrix products; included inside the anonymous namespace of each kernels_*.cpp after kernels_rows.h.
// Every loop over an array of sums is unrolled whole: one index that is not a constant, and GCC keeps the array in
// memory.

/// Weights come from memory or the L3 cache, and with few rows they are wanted faster than the processor's own
/// prefetching brings them: so those of the next tile, or of a later one where blocks are short, are asked for. To look
/// beyond the end does no harm.
inline int64_t prefetch_distance(int64_t block_bytes) {
    return block_bytes > 4096 ? block_bytes : 4096;
}

/// Sums of one tile: R rows × C blocks of 16 columns, over the whole depth.
#ifdef FT_VNNI
template <int R, int C>
inline void tile_i8(const uint8_t* a, int64_t k, const int8_t* w, int64_t block_bytes, int32_t (*sums)[C * 16]) {
    I acc[R][C];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) acc[r][c] = Simd::zero();
    }
    const int64_t ahead = C * prefetch_distance(block_bytes);
    for (int64_t g = 0; g < k; g += group_depth) {
        I weights[C];
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) {
            const int8_t* at = w + c * block_bytes + g * block_columns;
            weights[c] = _mm512_loadu_si512(at);
            _mm_prefetch(at + ahead, _MM_HINT_T1);
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
            const I input = Simd::broadcast32(a + r * k + g);
#pragma GCC unroll 4
            for (int c = 0; c < C; ++c) acc[r][c] = Simd::dot8(acc[r][c], input, weights[c]);
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) Simd::store(sums[r] + c * 16, acc[r][c]);
    }
}
constexpr int tile_blocks = 2;
using Input = uint8_t;
#else
template <int R, int C>
inline void tile_i8(const int16_t* a, int64_t k, const int8_t* w, int64_t block_bytes, int32_t (*sums)[C * 16]) {
    static_assert(C == 1);
    constexpr int V = 32 / W;  // each sum holds two halves of W/2 columns
    I acc[R][V];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int c = 0; c < V; ++c) acc[r][c] = Simd::zero();
    }
    const int64_t ahead = prefetch_distance(block_bytes);
    for (int64_t g = 0; g < k; g += group_depth) {
        _mm_prefetch(w + g * block_columns + ahead, _MM_HINT_T1);
        I input[R];
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) input[r] = Simd::broadcast64(a + r * k + g);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) {
            const I weights = Simd::widen8(w + g * block_columns + v * W * 2);
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) acc[r][v] = Simd::dot16(acc[r][v], weights, input[r]);
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < V; v += 2) Simd::store(sums[r] + v / 2 * W, Simd::add_neighbours(acc[r][v], acc[r][v + 1]));
    }
}
constexpr int tile_blocks = 1;
using Input = int16_t;
#endif

/// Dequantizes 16 columns of one row and runs the epilogue on them.
inline void finish_block(const Int8Product& p, int64_t row, int64_t block, const int32_t* sums) {
    const int64_t column = block * block_columns;
    const int64_t valid = p.w.n - column < block_columns ? p.w.n - column : block_columns;
    float result[block_columns];
    const F row_scale = Simd::set(p.a_scale[row]);
    for (int64_t c = 0; c < block_columns; c += W) {
        I sum = Simd::load(sums + c);
#ifdef FT_VNNI
        // The inputs were shifted by 128 to be unsigned.
        sum = _mm512_sub_epi32(sum, _mm512_slli_epi32(Simd::load(p.w.column_sum + column + c), 7));
#endif
        const F scale = Simd::mul(row_scale, Simd::load(p.w.scale + column + c));
        F value = Simd::fma(Simd::to_float(sum), scale, Simd::load(p.w.bias + column + c));
        if (p.gelu) value = gelu_of(value);
        Simd::store(result + c, value);
    }
    float* out = p.out + row * p.ld + column;
    const float* residual = p.residual == nullptr ? nullptr : p.residual + row * p.ld + column;
    if (valid == block_columns) {
        for (int64_t c = 0; c < block_columns; c += W) {
            const F value = Simd::load(result + c);
            Simd::store(out + c, residual == nullptr ? value : Simd::add(value, Simd::load(residual + c)));
        }
    } else {
        for (int64_t c = 0; c < valid; ++c) out[c] = residual == nullptr ? result[c] : result[c] + residual[c];
    }
}

template <int R, int C>
void product_tile(const Int8Product& p, int64_t row, int64_t block) {
    int32_t sums[R][C * 16];
    const int64_t block_bytes = p.w.block_bytes();
    tile_i8<R, C>(static_cast<const Input*>(p.a) + row * p.w.k, p.w.k, p.w.blocks + block * block_bytes, block_bytes,
                  sums);
    for (int r = 0; r < R; ++r) {
        for (int c = 0; c < C; ++c) finish_block(p, row + r, block + c, sums[r] + c * 16);
    }
}

template <int R, int C>
void product_rows_left(const Int8Product& p, int64_t row, int64_t left, int64_t block) {
    if constexpr (R > 0) {
        if (left == R) return product_tile<R, C>(p, row, block);
        product_rows_left<R - 1, C>(p, row, left, block);
    }
}

template <int C>
void product_blocks(const Int8Product& p, int64_t block) {
    constexpr int R = Simd::product_rows;
    int64_t row = 0;
    for (; row + R <= p.m; row += R) product_tile<R, C>(p, row, block);
    product_rows_left<R - 1, C>(p, row, p.m - row, block);
}

void product_i8(const Int8Product& p) {
    int64_t block = p.block_begin;
    for (; block + tile_blocks <= p.block_end; block += tile_blocks) product_blocks<tile_blocks>(p, block);
    for (; block < p.block_end; ++block) product_blocks<1>(p, block);
}

/// R rows against one column: the weights are read once for all of them.
template <int R>
inline void column_f32(const float* a, int64_t k, const float* w, float bias, float* out, int64_t ld) {
    F acc[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) acc[r] = Simd::set(0.0F);
    int64_t i = 0;
    for (; i + W <= k; i += W) {
        const F weights = Simd::load(w + i);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) acc[r] = Simd::fma(weights, Simd::load(a + r * k + i), acc[r]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
        float sum = Simd::sum(acc[r]);
        for (int64_t j = i; j < k; ++j) sum += w[j] * a[r * k + j];
        out[r * ld] = sum + bias;
    }
}

void product_f32(const float* a, int64_t m, int64_t k, const float* w, const float* bias, int64_t begin, int64_t end,
                 bool with_gelu, const float* residual, float* out, int64_t ld) {
    // The residual may be `out` itself, so a column's sums are kept aside until the epilogue.
    constexpr int64_t chunk = 64;
    float result[8 * chunk];
    for (int64_t row = 0; row < m; row += 8) {
        const int64_t rows = m - row < 8 ? m - row : 8;
        for (int64_t first = begin; first < end; first += chunk) {
            const int64_t columns = end - first < chunk ? end - first : chunk;
            for (int64_t c = 0; c < columns; ++c) {
                const float* weights = w + (first + c) * k;
                const float b = bias == nullptr ? 0.0F : bias[first + c];
                int64_t r = 0;
                if (rows == 8) {
                    column_f32<8>(a + row * k, k, weights, b, result + c, chunk);
                    continue;
                }
                for (; r + 4 <= rows; r += 4)
                    column_f32<4>(a + (row + r) * k, k, weights, b, result + r * chunk + c, chunk);
                for (; r < rows; ++r) column_f32<1>(a + (row + r) * k, k, weights, b, result + r * chunk + c, chunk);
            }
            for (int64_t r = 0; r < rows; ++r) {
                float* values = result + r * chunk;
                if (with_gelu) gelu(values, columns);
                const int64_t at = (row + r) * ld + first;
                for (int64_t c = 0; c < columns; ++c)
                    out[at + c] = residual == nullptr ? values[c] : values[c] + residual[at + c];
            }
        }
    }
}
