// Cross-attention's own steps; included inside the anonymous namespace of each kernels_*.cpp after kernels_attention.h.
// Its products are those of kernels_product.h.

/// One position, less the mean, as ±127 integers; returns the scale (1 where nothing is left).
inline float quantize_centred(const float* x, const float* mean, int64_t d, int8_t* q) {
    F highest = Simd::set(0.0F);
    for (int64_t c = 0; c < d; c += W)
        highest = Simd::max(highest, Simd::abs(Simd::sub(Simd::load(x + c), Simd::load(mean + c))));
    const float limit = Simd::maximum(highest);
    const F factor = Simd::set(limit > 0.0F ? 127.0F / limit : 0.0F);
    for (int64_t c = 0; c < d; c += W) {
        const F centred = Simd::sub(Simd::load(x + c), Simd::load(mean + c));
        int16_t values[W];
        Simd::store16(values, Simd::round(Simd::mul(centred, factor)));
        for (int i = 0; i < W; ++i) q[c + i] = static_cast<int8_t>(values[i]);
    }
    return limit > 0.0F ? limit / 127.0F : 1.0F;
}

void pack_positions(const PositionBlock& b) {
    for (int64_t j = 0; j < block_columns; ++j) {
        int8_t* row = b.rows + j * b.d;
        b.scale[j] = 0.0F;
        if (j < b.count) {
            b.scale[j] = quantize_centred(b.x + j * b.stride, b.mean, b.d, row);
        } else {
            for (int64_t c = 0; c < b.d; ++c) row[c] = 0;
        }
        int32_t sum = 0;
        for (int64_t c = 0; c < b.d; ++c) sum += row[c];
        b.sum[j] = sum;
        for (int64_t g = 0; b.keys != nullptr && g < b.d / group_depth; ++g)
            __builtin_memcpy(b.keys + (g * block_columns + j) * group_depth, row + g * group_depth, group_depth);
    }
    for (int64_t g = 0; b.values != nullptr && g < block_columns / group_depth; ++g) {
        const int8_t* row = b.rows + g * group_depth * b.d;
        for (int64_t c = 0; c < b.d; ++c) {
            int8_t* out =
                b.values + c / block_columns * b.value_pitch + (g * block_columns + c % block_columns) * group_depth;
            for (int64_t i = 0; i < group_depth; ++i) out[i] = row[i * b.d + c];
        }
    }
}

inline void divide(float* x, int64_t n, float by) {
    int64_t i = 0;
    for (; i + W <= n; i += W) Simd::store(x + i, Simd::div(Simd::load(x + i), Simd::set(by)));
    for (; i < n; ++i) x[i] /= by;
}

float weigh_positions(float* scores, const float* position_scale, int64_t t, int64_t t_padded, void* out,
                      float* weights) {
    const F top = Simd::set(max_of(scores, t, false));
    for (int64_t j = t; j < t_padded; ++j) scores[j] = -1e30F;  // of no weight
    F sum = Simd::set(0.0F), highest = Simd::set(0.0F);
    for (int64_t j = 0; j < t_padded; j += W) {
        const F weight = exp2_of(Simd::mul(Simd::sub(Simd::load(scores + j), top), Simd::set(1.44269504F)));
        const F share = Simd::mul(weight, Simd::load(position_scale + j));
        sum = Simd::add(sum, weight);
        highest = Simd::max(highest, share);
        Simd::store(scores + j, share);
        if (weights == nullptr) continue;
        if (j + W <= t) {
            Simd::store(weights + j, weight);
            continue;
        }
        float kept[W];
        Simd::store(kept, weight);
        for (int64_t i = 0; j + i < t; ++i) weights[j + i] = kept[i];
    }
    const float total = Simd::sum(sum), limit = Simd::maximum(highest);
    if (weights != nullptr) divide(weights, t, total);
    const F factor = Simd::set(limit > 0.0F ? share_limit / limit : 0.0F);
    for (int64_t j = 0; j < t_padded; j += W) {
        const I share = Simd::round(Simd::mul(Simd::load(scores + j), factor));
#ifdef FT_VNNI
        Simd::store8(static_cast<uint8_t*>(out) + j, share);
#else
        Simd::store16(static_cast<int16_t*>(out) + j, share);
#endif
    }
    return limit / (share_limit * total);
}
