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

/// x·Φ(x) with erf after Abramowitz & Stegun 7.1.26 (absolute error of erf under 2e-7).
inline F gelu_of(F x) {
    const F z = Simd::mul(Simd::abs(x), Simd::set(0.70710678F));
    const F t = Simd::div(Simd::set(1.0F), Simd::fma(z, Simd::set(0.3275911F), Simd::set(1.0F)));
    F p = Simd::set(1.061405429F);
    p = Simd::fma(p, t, Simd::set(-1.453152027F));
    p = Simd::fma(p, t, Simd::set(1.421413741F));
    p = Simd::fma(p, t, Simd::set(-0.284496736F));
    p = Simd::fma(p, t, Simd::set(0.254829592F));
    const F tail = Simd::mul(Simd::mul(p, t), exp_of(Simd::sub(Simd::set(0.0F), Simd::mul(z, z))));
    const F erf = Simd::copy_sign(Simd::sub(Simd::set(1.0F), tail), x);
    return Simd::mul(Simd::mul(x, Simd::set(0.5F)), Simd::add(Simd::set(1.0F), erf));
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
