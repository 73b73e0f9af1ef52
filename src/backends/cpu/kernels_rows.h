// Row operations, written once over `Simd`; included inside the anonymous namespace of each kernels_*.cpp.
using F = Simd::F;
using I = Simd::I;
constexpr int W = Simd::width;

#ifdef FT_VNNI
constexpr bool byte_inputs = true;
#else
constexpr bool byte_inputs = false;
#endif

inline int32_t round_scalar(float x) {
    return _mm_cvtss_si32(_mm_set_ss(x));
}

/// eˣ for x ≤ 0 (below −87: about 1e-38). Cephes' minimax polynomial, relative error under 2e-7.
inline F exp_of(F x) {
    x = Simd::max(x, Simd::set(-87.0F));
    const I n = Simd::round(Simd::mul(x, Simd::set(1.44269504F)));
    const F nf = Simd::to_float(n);
    F r = Simd::fma(nf, Simd::set(-0.693359375F), x);
    r = Simd::fma(nf, Simd::set(2.12194440e-4F), r);
    F p = Simd::set(1.9875691500e-4F);
    p = Simd::fma(p, r, Simd::set(1.3981999507e-3F));
    p = Simd::fma(p, r, Simd::set(8.3334519073e-3F));
    p = Simd::fma(p, r, Simd::set(4.1665795894e-2F));
    p = Simd::fma(p, r, Simd::set(1.6666665459e-1F));
    p = Simd::fma(p, r, Simd::set(5.0000001201e-1F));
    p = Simd::add(Simd::fma(p, Simd::mul(r, r), r), Simd::set(1.0F));
    return Simd::mul(p, Simd::power_of_two(n));
}

/// x·Φ(x), absolute error under 2e-6 for |x| ≤ 8: Φ(x) − ½ = x·P(x²), P of degree 13 in x², fitted in Chebyshev's
/// points on |x| ≤ 5 and held there from 5 on, where Φ is 0 or 1. No division, no exponential.
inline F gelu_of(F x) {
    constexpr float coefficients[] = {6.710313028e-04F, -9.617748437e-04F, 1.544318744e-03F, -3.467072500e-03F,
                                      6.600373890e-03F, -1.071712654e-02F, 1.631016284e-02F, -2.339220792e-02F,
                                      3.146207333e-02F, -4.042812437e-02F, 5.151901022e-02F, -7.029680163e-02F,
                                      1.413638890e-01F};
    const F z = Simd::min(Simd::max(x, Simd::set(-5.0F)), Simd::set(5.0F));
    const F u = Simd::fma(Simd::mul(z, z), Simd::set(0.08F), Simd::set(-1.0F));  // in [−1, 1]
    F p = Simd::set(-2.077504178e-04F);
#pragma GCC unroll 16
    for (const float c : coefficients) p = Simd::fma(p, u, Simd::set(c));
    return Simd::mul(x, Simd::fma(z, p, Simd::set(0.5F)));
}

/// Calls f(vector) on x in place; the tail goes through a padded copy so that it rounds as the rest does.
template <typename Function>
inline void map(float* x, int64_t n, Function f) {
    int64_t i = 0;
    for (; i + W <= n; i += W) Simd::store(x + i, f(Simd::load(x + i)));
    if (i == n) return;
    float tail[W] = {};
    for (int64_t j = i; j < n; ++j) tail[j - i] = x[j];
    Simd::store(tail, f(Simd::load(tail)));
    for (int64_t j = i; j < n; ++j) x[j] = tail[j - i];
}

void gelu(float* x, int64_t n) {
    map(x, n, gelu_of);
}

float max_of(const float* x, int64_t n, bool absolute) {
    F best = Simd::set(absolute ? 0.0F : -3.402823466e38F);
    int64_t i = 0;
    for (; i + W <= n; i += W) best = Simd::max(best, absolute ? Simd::abs(Simd::load(x + i)) : Simd::load(x + i));
    float result = Simd::maximum(best);
    for (; i < n; ++i) {
        const float value = absolute ? (x[i] < 0 ? -x[i] : x[i]) : x[i];
        if (value > result) result = value;
    }
    return result;
}

float sum_of(const float* x, int64_t n) {
    F total = Simd::set(0.0F);
    int64_t i = 0;
    for (; i + W <= n; i += W) total = Simd::add(total, Simd::load(x + i));
    float result = Simd::sum(total);
    for (; i < n; ++i) result += x[i];
    return result;
}

float max(const float* x, int64_t n) {
    return max_of(x, n, false);
}

float sum_exp(const float* x, int64_t n, float highest) {
    const F limit = Simd::set(highest);
    F total = Simd::set(0.0F);
    int64_t i = 0;
    for (; i + W <= n; i += W) total = Simd::add(total, exp_of(Simd::sub(Simd::load(x + i), limit)));
    float tail[W];
    for (int64_t j = 0; j < W; ++j) tail[j] = i + j < n ? x[i + j] : -3.402823466e38F;
    return Simd::sum(Simd::add(total, exp_of(Simd::sub(Simd::load(tail), limit))));
}

float exp_minus_max(float* x, int64_t n) {
    const F highest = Simd::set(max_of(x, n, false));
    map(x, n, [highest](F v) { return exp_of(Simd::sub(v, highest)); });
    return sum_of(x, n);
}

float dot(const float* a, const float* b, int64_t n) {
    F total = Simd::set(0.0F);
    int64_t i = 0;
    for (; i + W <= n; i += W) total = Simd::fma(Simd::load(a + i), Simd::load(b + i), total);
    float result = Simd::sum(total);
    for (; i < n; ++i) result += a[i] * b[i];
    return result;
}

void axpy(float a, const float* x, float* y, int64_t n) {
    const F factor = Simd::set(a);
    int64_t i = 0;
    for (; i + W <= n; i += W) Simd::store(y + i, Simd::fma(factor, Simd::load(x + i), Simd::load(y + i)));
    for (; i < n; ++i) y[i] += a * x[i];
}

/// Adds R positions' values, each times its own probability: the sums are read and written once for all of them.
template <int R>
inline void add_values(const FloatAttention& s, int64_t position, const float* rows) {
    for (int64_t h = 0; h < s.heads; ++h) {
        const float* share = s.scores + h * s.n + position;
        const float* values = rows + h * s.size;
        float* out = s.out + h * s.size;
        F factor[R];
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) factor[r] = Simd::set(share[r]);
        int64_t c = 0;
        for (; c + W <= s.size; c += W) {
            F sum = Simd::load(out + c);
#pragma GCC unroll 4
            for (int r = 0; r < R; ++r) sum = Simd::fma(factor[r], Simd::load(values + r * s.stride + c), sum);
            Simd::store(out + c, sum);
        }
        for (; c < s.size; ++c) {
            for (int r = 0; r < R; ++r) out[c] += share[r] * values[r * s.stride + c];
        }
    }
}

/// Position by position, so that memory is read in its order: a head at a time would leap from row to row.
void attend_f32(const FloatAttention& s) {
    const float root = 1.0F / __builtin_sqrtf(static_cast<float>(s.size));
    for (int64_t first = 0; first < s.n; first += s.page_positions) {
        const float* keys = s.pages[first / s.page_positions] + s.offset;
        const int64_t count = s.n - first < s.page_positions ? s.n - first : s.page_positions;
        for (int64_t j = 0; j < count; ++j) {
            for (int64_t h = 0; h < s.heads; ++h)
                s.scores[h * s.n + first + j] = root * dot(s.q + h * s.size, keys + j * s.stride + h * s.size, s.size);
        }
    }
    for (int64_t h = 0; h < s.heads; ++h) {
        const F inverse = Simd::set(1.0F / exp_minus_max(s.scores + h * s.n, s.n));
        map(s.scores + h * s.n, s.n, [inverse](F share) { return Simd::mul(share, inverse); });
    }
    for (int64_t c = 0; c < s.heads * s.size; ++c) s.out[c] = 0.0F;
    for (int64_t first = 0; first < s.n; first += s.page_positions) {
        const float* values = s.pages[first / s.page_positions] + s.offset + s.page_positions * s.stride;
        const int64_t count = s.n - first < s.page_positions ? s.n - first : s.page_positions;
        int64_t j = 0;
        for (; j + 4 <= count; j += 4) add_values<4>(s, first + j, values + j * s.stride);
        for (; j < count; ++j) add_values<1>(s, first + j, values + j * s.stride);
    }
}

void layer_norm(const float* x, const float* gain, const float* bias, float* out, int64_t n) {
    const float mean = sum_of(x, n) / static_cast<float>(n);
    const F centre = Simd::set(mean);
    F squares = Simd::set(0.0F);
    int64_t i = 0;
    for (; i + W <= n; i += W) {
        const F difference = Simd::sub(Simd::load(x + i), centre);
        squares = Simd::fma(difference, difference, squares);
    }
    float variance = Simd::sum(squares);
    for (; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean);
    const float inverse = 1.0F / __builtin_sqrtf(variance / static_cast<float>(n) + 1e-5F);
    const F factor = Simd::set(inverse);
    for (i = 0; i + W <= n; i += W) {
        const F normal = Simd::mul(Simd::sub(Simd::load(x + i), centre), factor);
        Simd::store(out + i, Simd::fma(normal, Simd::load(gain + i), Simd::load(bias + i)));
    }
    for (; i < n; ++i) out[i] = (x[i] - mean) * inverse * gain[i] + bias[i];
}

/// Values as integers in ±limit, 16 bits each; returns the scale (1 for a row of zeros).
float quantize16(const float* x, int16_t* q, int64_t n, float limit) {
    const float highest = max_of(x, n, true);
    if (!(highest > 0.0F)) {
        for (int64_t i = 0; i < n; ++i) q[i] = 0;
        return 1.0F;
    }
    const float inverse = limit / highest;
    const F factor = Simd::set(inverse);
    int64_t i = 0;
    for (; i + W <= n; i += W) Simd::store16(q + i, Simd::round(Simd::mul(Simd::load(x + i), factor)));
    for (; i < n; ++i) q[i] = static_cast<int16_t>(round_scalar(x[i] * inverse));
    return highest / limit;
}

float quantize(const float* x, void* out, int64_t k, int64_t k_padded) {
#ifdef FT_VNNI
    auto* q = static_cast<uint8_t*>(out);
    const float highest = max_of(x, k, true);
    const float inverse = highest > 0.0F ? 127.0F / highest : 0.0F;
    const F factor = Simd::set(inverse);
    const I offset = _mm512_set1_epi32(128);
    int64_t i = 0;
    for (; i + W <= k; i += W) {
        Simd::store8(q + i, _mm512_add_epi32(Simd::round(Simd::mul(Simd::load(x + i), factor)), offset));
    }
    for (; i < k; ++i) q[i] = static_cast<uint8_t>(round_scalar(x[i] * inverse) + 128);
    for (; i < k_padded; ++i) q[i] = 128;
    return highest > 0.0F ? highest / 127.0F : 1.0F;
#else
    auto* q = static_cast<int16_t*>(out);
    for (int64_t i = k; i < k_padded; ++i) q[i] = 0;
    return quantize16(x, q, k, 127.0F);
#endif
}
