// Encoder attention; included inside the anonymous namespace of each kernels_*.cpp after kernels_rows.h.
// It runs in 16-bit integers: twice the rate of fp32, and 12-bit inputs keep scores within 1e-3.

constexpr int64_t query_tile = 12;
constexpr float qk_limit = 2047.0F;     // 2·11 bits + log2(d) stays under 31 bits for d ≤ 512
constexpr float value_limit = 1023.0F;  // with Σp ≤ 2²⁰ the sum of p·v stays under 2³⁰
constexpr float probability_limit = 32767.0F;
constexpr float probability_sum = 1 << 20;

void pack_keys_i16(const float* k, int64_t stride, int64_t t, int64_t t_padded, int64_t d, int16_t* keys,
                   float* scale) {
    int16_t row[1024];
    for (int64_t j = 0; j < t_padded; ++j) {
        scale[j] = 0.0F;
        if (j < t) scale[j] = quantize16(k + j * stride, row, d, qk_limit);
        auto* block = reinterpret_cast<int32_t*>(keys + j / 16 * 16 * d) + j % 16;
        for (int64_t p = 0; p < d / 2; ++p) {
            int32_t pair = 0;
            if (j < t) __builtin_memcpy(&pair, row + 2 * p, 4);
            block[p * 16] = pair;
        }
    }
}

void pack_values_i16(const float* v, int64_t stride, int64_t t, int64_t t_padded, int64_t d, int16_t* values,
                     float* scale) {
    for (int64_t c = 0; c < d; c += W) {
        F highest = Simd::set(1e-30F);
        for (int64_t j = 0; j < t; ++j) highest = Simd::max(highest, Simd::abs(Simd::load(v + j * stride + c)));
        Simd::store(scale + c, Simd::mul(highest, Simd::set(1.0F / value_limit)));
    }
    int16_t even[1024], odd[1024];
    const auto quantize_row = [&](int64_t j, int16_t* row) {
        for (int64_t c = 0; c < d; c += W) {
            const F value = j < t ? Simd::div(Simd::load(v + j * stride + c), Simd::load(scale + c)) : Simd::set(0.0F);
            Simd::store16(row + c, Simd::round(value));
        }
    };
    for (int64_t j = 0; j < t_padded; j += 2) {
        quantize_row(j, even);
        quantize_row(j + 1, odd);
        int16_t* out = values + j * d;
        for (int64_t c = 0; c < d; ++c) {
            out[2 * c] = even[c];
            out[2 * c + 1] = odd[c];
        }
    }
}

/// Writes a tile's sums to memory. All that touches the registers must be as plain as this to be unrolled whole.
template <int R, int V>
inline void spill(const I (&acc)[R][V], int32_t* sums) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) Simd::store(sums + (r * V + v) * W, acc[r][v]);
    }
}

/// Scores of R queries against 16·B keys: integers to floats with both scales.
template <int R, int B>
inline void score_tile(const AttentionHead& h, const int16_t* q, const float* q_scale, int64_t key, float* scores) {
    constexpr int V = 16 / W;
    I acc[R][B * V];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int c = 0; c < B * V; ++c) acc[r][c] = Simd::zero();
    }
    const int16_t* block = h.keys + key * h.d;
    for (int64_t p = 0; p < h.d / 2; ++p) {
        I keys[B * V];
#pragma GCC unroll 8
        for (int v = 0; v < B * V; ++v) keys[v] = Simd::load_pairs(block + v / V * 16 * h.d + p * 32 + v % V * 2 * W);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
            const I query = Simd::broadcast32(q + r * h.d + 2 * p);
#pragma GCC unroll 8
            for (int v = 0; v < B * V; ++v) acc[r][v] = Simd::dot16(acc[r][v], query, keys[v]);
        }
    }
    int32_t sums[R][B * 16];
    spill<R, B * V>(acc, sums[0]);
    for (int r = 0; r < R; ++r) {
        const F scale = Simd::set(q_scale[r]);
        for (int c = 0; c < B * 16; c += W) {
            const F both = Simd::mul(scale, Simd::load(h.key_scale + key + c));
            Simd::store(scores + r * h.t_padded + key + c, Simd::mul(Simd::to_float(Simd::load(sums[r] + c)), both));
        }
    }
}

/// Scores of one row → 16-bit probabilities; returns the factor that turns Σp·v into the output.
inline float probabilities_i16(float* scores, int64_t t, int64_t t_padded, int16_t* p) {
    const float sum = exp_minus_max(scores, t);
    const float factor = probability_sum / sum < probability_limit ? probability_sum / sum : probability_limit;
    // Numerator and denominator use the same rounded values, so that rounding cannot bias the mean. A vector's lanes
    // stay under 2²⁴ and are exact in fp32.
    F total = Simd::set(0.0F);
    for (int64_t j = t; j < t_padded; ++j) scores[j] = 0.0F;
    for (int64_t j = 0; j < t_padded; j += W) {
        const I rounded = Simd::round(Simd::mul(Simd::load(scores + j), Simd::set(factor)));
        total = Simd::add(total, Simd::to_float(rounded));
        Simd::store16(p + j, rounded);
    }
    return 1.0F / Simd::sum(total);
}

/// R rows of probabilities times V vectors of value columns.
template <int R, int V>
inline void mix_tile(const AttentionHead& h, const int16_t* p, int64_t column, const float* factor, float* out) {
    I acc[R][V];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int c = 0; c < V; ++c) acc[r][c] = Simd::zero();
    }
    for (int64_t j = 0; j < h.t_padded; j += 2) {
        I values[V];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) values[v] = Simd::load_pairs(h.values + j * h.d + 2 * (column + v * W));
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
            const I probability = Simd::broadcast32(p + r * h.t_padded + j);
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) acc[r][v] = Simd::dot16(acc[r][v], probability, values[v]);
        }
    }
    int32_t sums[R][V * W];
    spill<R, V>(acc, sums[0]);
    for (int r = 0; r < R; ++r) {
        for (int c = 0; c < V * W; c += W) {
            const F scale = Simd::mul(Simd::set(factor[r]), Simd::load(h.value_scale + column + c));
            Simd::store(out + r * h.d + column + c, Simd::mul(Simd::to_float(Simd::load(sums[r] + c)), scale));
        }
    }
}

constexpr int score_rows = W == 16 ? 12 : W == 8 ? 4 : 2;
constexpr int score_blocks = W == 16 ? 2 : 1;
constexpr int mix_rows = W == 16 ? 6 : W == 8 ? 3 : 2;

void attend_tile(const AttentionHead& h, const int16_t* q, const float* q_scale, float* scores, int16_t* p,
                 float* out) {
    for (int64_t key = 0; key < h.t_padded; key += 16 * score_blocks) {
        for (int64_t r = 0; r < query_tile; r += score_rows) {
            score_tile<score_rows, score_blocks>(h, q + r * h.d, q_scale + r, key, scores + r * h.t_padded);
        }
    }
    float factor[query_tile];
    for (int64_t r = 0; r < query_tile; ++r) {
        factor[r] = probabilities_i16(scores + r * h.t_padded, h.t, h.t_padded, p + r * h.t_padded);
    }
    for (int64_t r = 0; r < query_tile; r += mix_rows) {
        const int16_t* row = p + r * h.t_padded;
        int64_t column = 0;
        for (; column + 4 * W <= h.d; column += 4 * W) mix_tile<mix_rows, 4>(h, row, column, factor + r, out + r * h.d);
        for (; column < h.d; column += W) mix_tile<mix_rows, 1>(h, row, column, factor + r, out + r * h.d);
    }
}

void attend_i16(const AttentionHead& h, const float* q, int64_t rows, int64_t stride, float* out, int64_t out_stride,
                float* scratch) {
    float* scores = scratch;
    float* mixed = scores + query_tile * h.t_padded;
    auto* p = reinterpret_cast<int16_t*>(mixed + query_tile * h.d);
    int16_t* queries = p + query_tile * h.t_padded;
    const float root = 1.0F / __builtin_sqrtf(static_cast<float>(h.d));
    for (int64_t row = 0; row < rows; row += query_tile) {
        const int64_t count = rows - row < query_tile ? rows - row : query_tile;
        float q_scale[query_tile] = {};
        for (int64_t r = 0; r < query_tile; ++r) {
            // Missing rows of the last tile repeat the last one; their results are thrown away.
            const int64_t source = row + (r < count ? r : count - 1);
            q_scale[r] = root * quantize16(q + source * stride, queries + r * h.d, h.d, qk_limit);
        }
        attend_tile(h, queries, q_scale, scores, p, mixed);
        for (int64_t r = 0; r < count; ++r) {
            for (int64_t c = 0; c < h.d; c += W)
                Simd::store(out + (row + r) * out_stride + c, Simd::load(mixed + r * h.d + c));
        }
    }
}
