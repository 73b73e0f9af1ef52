// Encoder attention; included inside the anonymous namespace of each kernels_*.cpp after kernels_rows.h.
// All its products are of integers: 8 bits with VNNI, else 12 for scores and about 10 for the sum over positions.

constexpr int64_t query_tile = 12;

#ifdef FT_VNNI
using Key = uint8_t;  // shifted by 128, as one side of the product must be unsigned
using Query = int8_t;
using Share = uint8_t;
using Value = int8_t;
constexpr float qk_limit = 127.0F, value_limit = 127.0F;
constexpr int32_t key_shift = 128;
#else
using Key = int16_t;
using Query = int16_t;
using Share = int16_t;
using Value = int16_t;
constexpr float qk_limit = 2047.0F;  // 2·11 bits + log2(d) stays under 31 bits for d ≤ 512
constexpr float value_limit = 1023.0F;
constexpr int32_t key_shift = 0;
#endif
constexpr int64_t group = 4 / sizeof(Key);  // factors that lie side by side and are summed by one instruction

/// acc + the products of each lane's group, summed. a: keys or shares, b: queries or values.
inline I dot_group(I acc, I a, I b) {
#ifdef FT_VNNI
    return Simd::dot8(acc, a, b);
#else
    return Simd::dot16(acc, a, b);
#endif
}

/// Of a probability as an integer, so that the sum over t positions stays under 2³¹.
inline float share_limit_of(int64_t t_padded) {
#ifdef FT_VNNI
    (void)t_padded;
    return 255.0F;
#else
    const float limit = 2e9F / (value_limit * static_cast<float>(t_padded));
    return limit < 32767.0F ? limit : 32767.0F;
#endif
}

inline void mean_of_rows(const float* x, int64_t stride, int64_t rows, int64_t d, float* mean) {
    for (int64_t c = 0; c < d; ++c) mean[c] = 0.0F;
    for (int64_t j = 0; j < rows; ++j) axpy(1.0F / static_cast<float>(rows), x + j * stride, mean, d);
}

/// Keys less their mean, which changes all scores of a query by the same: softmax does not see it, and what many keys
/// have in common does not eat up the integers' range.
void pack_keys(const float* k, int64_t stride, int64_t t, int64_t t_padded, int64_t d, void* packed, float* scale) {
    float mean[1024], centred[1024];
    int16_t row[1024];
    mean_of_rows(k, stride, t, d, mean);
    for (int64_t j = 0; j < t_padded; ++j) {
        scale[j] = 0.0F;
        for (int64_t c = 0; c < d; ++c) row[c] = 0;
        if (j < t) {
            for (int64_t c = 0; c < d; c += W)
                Simd::store(centred + c, Simd::sub(Simd::load(k + j * stride + c), Simd::load(mean + c)));
            scale[j] = quantize16(centred, row, d, qk_limit);
        }
        Key* out = static_cast<Key*>(packed) + j / 16 * 16 * d + j % 16 * group;
        for (int64_t c = 0; c < d; ++c) out[c / group * 16 * group + c % group] = static_cast<Key>(row[c] + key_shift);
    }
}

/// One query as integers; returns the scale. `sum` receives what undoes the keys' shift.
inline float quantize_query(const float* q, int64_t d, Query* out, int32_t* sum) {
    int16_t row[1024];
    const float scale = quantize16(q, row, d, qk_limit);
    *sum = 0;
    for (int64_t c = 0; c < d; ++c) {
        out[c] = static_cast<Query>(row[c]);
        *sum -= key_shift * row[c];
    }
    return scale;
}

/// Values less their mean, in integers of one scale a column. What shares lose by rounding then counts as the mean.
void pack_values(const float* v, int64_t stride, int64_t t, int64_t t_padded, int64_t d, void* packed, float* scale,
                 float* mean) {
    mean_of_rows(v, stride, t, d, mean);
    float inverse[1024];
    for (int64_t c = 0; c < d; c += W) {
        const F centre = Simd::load(mean + c);
        F highest = Simd::set(1e-30F);
        for (int64_t j = 0; j < t; ++j)
            highest = Simd::max(highest, Simd::abs(Simd::sub(Simd::load(v + j * stride + c), centre)));
        Simd::store(scale + c, Simd::mul(highest, Simd::set(1.0F / value_limit)));
        Simd::store(inverse + c, Simd::div(Simd::set(value_limit), highest));
    }
    int16_t rows[group][1024];
    for (int64_t j = 0; j < t_padded; j += group) {
        for (int64_t i = 0; i < group; ++i) {
            for (int64_t c = 0; c < d; c += W) {
                F value = Simd::set(0.0F);
                if (j + i < t) value = Simd::sub(Simd::load(v + (j + i) * stride + c), Simd::load(mean + c));
                Simd::store16(rows[i] + c, Simd::round(Simd::mul(value, Simd::load(inverse + c))));
            }
        }
        Value* out = static_cast<Value*>(packed) + j * d;
        for (int64_t c = 0; c < d; ++c) {
            for (int64_t i = 0; i < group; ++i) out[group * c + i] = static_cast<Value>(rows[i][c]);
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

/// R queries against 16·B keys: integers times the keys' scales. The query's scale waits for the exponential. `highest`
/// [R, W]: the highest score so far in each lane, of tiles without padding.
template <int R, int B>
inline void score_tile(const AttentionHead& h, const Query* q, const int32_t* q_sum, int64_t key, float* scores,
                       float* highest) {
    constexpr int V = 16 / W;
    I acc[R][B * V];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int c = 0; c < B * V; ++c) acc[r][c] = Simd::broadcast32(q_sum + r);
    }
    const Key* block = static_cast<const Key*>(h.keys) + key * h.d;
    for (int64_t p = 0; p < h.d / group; ++p) {
        I keys[B * V];
#pragma GCC unroll 8
        for (int v = 0; v < B * V; ++v)
            keys[v] = Simd::load_bytes(block + v / V * 16 * h.d + (p * 16 + v % V * W) * group);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
            const I query = Simd::broadcast32(q + r * h.d + group * p);
#pragma GCC unroll 8
            for (int v = 0; v < B * V; ++v) acc[r][v] = dot_group(acc[r][v], keys[v], query);
        }
    }
    int32_t sums[R][B * 16];
    spill<R, B * V>(acc, sums[0]);
    const bool whole = key + 16 * B <= h.t;
    for (int r = 0; r < R; ++r) {
        F top = Simd::load(highest + r * W);
        for (int c = 0; c < B * 16; c += W) {
            const F scaled = Simd::mul(Simd::to_float(Simd::load(sums[r] + c)), Simd::load(h.key_scale + key + c));
            Simd::store(scores + r * h.t_padded + key + c, scaled);
            top = Simd::max(top, scaled);
        }
        if (whole) Simd::store(highest + r * W, top);
    }
}

/// 2ˣ for x ≤ 0 (below −126: about 1e-38), relative error under 4e-6 (the polynomial that meets 2ˣ in Chebyshev's
/// points on ±½): ample for probabilities of 15 bits.
inline F exp2_of(F x) {
    x = Simd::power_range(x);
    const F n = Simd::nearest(x);
    const F r = Simd::sub(x, n);
    F p = Simd::set(9.66636837e-3F);
    p = Simd::fma(p, r, Simd::set(5.59219755e-2F));
    p = Simd::fma(p, r, Simd::set(2.40223497e-1F));
    p = Simd::fma(p, r, Simd::set(6.93121016e-1F));
    p = Simd::fma(p, r, Simd::set(1.0F));
    return Simd::scale_by_power(p, n);
}

/// Scores of one row, to be multiplied by q_scale, → probabilities as integers; returns the factor that turns their sum
/// with the values into the output. `highest` [W]: of the scores in tiles of `tile` keys without padding.
inline float shares_of(const AttentionHead& h, float* scores, const float* highest, int64_t tile, float q_scale,
                       Share* shares) {
    float top = Simd::maximum(Simd::load(highest));
    for (int64_t j = h.t / tile * tile; j < h.t; ++j) top = scores[j] > top ? scores[j] : top;
    for (int64_t j = h.t; j < h.t_padded; ++j) scores[j] = -1e30F;
    const float limit = share_limit_of(h.t_padded);
    const F scale = Simd::set(q_scale * 1.44269504F), factor = Simd::set(limit);  // softmax in powers of 2
    F sum = Simd::set(0.0F);
    for (int64_t j = 0; j < h.t_padded; j += W) {
        // The highest becomes 1 exactly: more would not fit.
        const F e = exp2_of(Simd::mul(Simd::sub(Simd::load(scores + j), Simd::set(top)), scale));
        sum = Simd::add(sum, e);
        const I share = Simd::round(Simd::mul(e, factor));
#ifdef FT_VNNI
        Simd::store8(shares + j, share);
#else
        Simd::store16(shares + j, share);
#endif
    }
    return 1.0F / (limit * Simd::sum(sum));
}

/// R rows of shares times V vectors of value columns.
template <int R, int V>
inline void mix_tile(const AttentionHead& h, const Share* shares, int64_t column, const float* factor, float* out) {
    I acc[R][V];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int c = 0; c < V; ++c) acc[r][c] = Simd::zero();
    }
    for (int64_t j = 0; j < h.t_padded; j += group) {
        I values[V];
        const Value* row = static_cast<const Value*>(h.values) + j * h.d;
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) values[v] = Simd::load_bytes(row + group * (column + v * W));
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
            const I share = Simd::broadcast32(shares + r * h.t_padded + j);
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) acc[r][v] = dot_group(acc[r][v], share, values[v]);
        }
    }
    int32_t sums[R][V * W];
    spill<R, V>(acc, sums[0]);
    for (int r = 0; r < R; ++r) {
        for (int c = 0; c < V * W; c += W) {
            const F scale = Simd::mul(Simd::set(factor[r]), Simd::load(h.value_scale + column + c));
            const F mean = Simd::load(h.value_mean + column + c);
            Simd::store(out + r * h.d + column + c, Simd::fma(Simd::to_float(Simd::load(sums[r] + c)), scale, mean));
        }
    }
}

constexpr int score_rows = W == 16 ? 12 : W == 8 ? 4 : 2;
constexpr int score_blocks = W == 16 ? 2 : 1;
constexpr int mix_rows = W == 16 ? 6 : W == 8 ? 3 : 2;

/// A tile of queries as integers.
struct QueryTile {
    const Query* values;          // [query_tile, d]
    float scale[query_tile];      // with 1/√d
    int32_t key_sum[query_tile];  // what undoes the keys' shift
};

void attend_tile(const AttentionHead& h, const QueryTile& q, float* scores, Share* shares, float* out) {
    constexpr int64_t tile = 16 * score_blocks;
    float highest[query_tile][W];
    for (auto& lanes : highest) Simd::store(lanes, Simd::set(-3.402823466e38F));
    for (int64_t key = 0; key < h.t_padded; key += tile) {
        for (int64_t r = 0; r < query_tile; r += score_rows) {
            score_tile<score_rows, score_blocks>(h, q.values + r * h.d, q.key_sum + r, key, scores + r * h.t_padded,
                                                 highest[r]);
        }
    }
    float factor[query_tile];
    for (int64_t r = 0; r < query_tile; ++r) {
        factor[r] = shares_of(h, scores + r * h.t_padded, highest[r], tile, q.scale[r], shares + r * h.t_padded);
    }
    for (int64_t r = 0; r < query_tile; r += mix_rows) {
        const Share* row = shares + r * h.t_padded;
        int64_t column = 0;
        for (; column + 4 * W <= h.d; column += 4 * W) mix_tile<mix_rows, 4>(h, row, column, factor + r, out + r * h.d);
        for (; column < h.d; column += W) mix_tile<mix_rows, 1>(h, row, column, factor + r, out + r * h.d);
    }
}

void attend(const AttentionHead& h, const float* q, int64_t rows, int64_t stride, float* out, int64_t out_stride,
            float* scratch) {
    float* scores = scratch;
    float* mixed = scores + query_tile * h.t_padded;
    auto* shares = reinterpret_cast<Share*>(mixed + query_tile * h.d);
    auto* queries = reinterpret_cast<Query*>(shares + query_tile * h.t_padded);
    const float root = 1.0F / __builtin_sqrtf(static_cast<float>(h.d));
    for (int64_t row = 0; row < rows; row += query_tile) {
        const int64_t count = rows - row < query_tile ? rows - row : query_tile;
        QueryTile tile{queries, {}, {}};
        for (int64_t r = 0; r < query_tile; ++r) {
            // Missing rows of the last tile repeat the last one; their results are thrown away.
            const int64_t source = row + (r < count ? r : count - 1);
            tile.scale[r] = root * quantize_query(q + source * stride, h.d, queries + r * h.d, tile.key_sum + r);
        }
        attend_tile(h, tile, scores, shares, mixed);
        for (int64_t r = 0; r < count; ++r) {
            for (int64_t c = 0; c < h.d; c += W)
                Simd::store(out + (row + r) * out_stride + c, Simd::load(mixed + r * h.d + c));
        }
    }
}
