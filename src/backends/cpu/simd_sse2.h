// Four lanes: every x86-64 processor. Included by kernels_sse2.cpp only.

struct Simd {
    using F = __m128;
    using I = __m128i;
    static constexpr int width = 4;
    static constexpr int product_rows = 1;  ///< rows whose sums over 16 columns fit the registers

    static F load(const float* p) { return _mm_loadu_ps(p); }
    static void store(float* p, F v) { _mm_storeu_ps(p, v); }
    static F set(float v) { return _mm_set1_ps(v); }
    static F add(F a, F b) { return _mm_add_ps(a, b); }
    static F sub(F a, F b) { return _mm_sub_ps(a, b); }
    static F mul(F a, F b) { return _mm_mul_ps(a, b); }
    static F div(F a, F b) { return _mm_div_ps(a, b); }
    static F fma(F a, F b, F c) { return _mm_add_ps(_mm_mul_ps(a, b), c); }
    static F max(F a, F b) { return _mm_max_ps(a, b); }
    static F min(F a, F b) { return _mm_min_ps(a, b); }
    static F abs(F a) { return _mm_andnot_ps(_mm_set1_ps(-0.0F), a); }
    static F copy_sign(F magnitude, F sign) { return _mm_or_ps(magnitude, _mm_and_ps(_mm_set1_ps(-0.0F), sign)); }
    static float sum(F v) {
        const F pairs = _mm_add_ps(v, _mm_movehl_ps(v, v));
        return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
    }
    static float maximum(F v) {
        const F pairs = _mm_max_ps(v, _mm_movehl_ps(v, v));
        return _mm_cvtss_f32(_mm_max_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
    }
    static I round(F v) { return _mm_cvtps_epi32(v); }
    static F to_float(I v) { return _mm_cvtepi32_ps(v); }
    /// 2ⁿ for integers n in [−126, 127].
    static F power_of_two(I n) { return _mm_castsi128_ps(_mm_slli_epi32(_mm_add_epi32(n, _mm_set1_epi32(127)), 23)); }

    static F nearest(F v) { return to_float(round(v)); }
    /// Exponents that scale_by_power takes; lower ones count as the lowest.
    static F power_range(F x) { return max(x, set(-126.0F)); }
    /// v·2ⁿ for whole n in power_range.
    static F scale_by_power(F v, F n) { return mul(v, power_of_two(round(n))); }
    static I zero() { return _mm_setzero_si128(); }
    static I load(const int32_t* p) { return _mm_loadu_si128(reinterpret_cast<const I*>(p)); }
    static void store(int32_t* p, I v) { _mm_storeu_si128(reinterpret_cast<I*>(p), v); }
    static void store16(int16_t* p, I v) { _mm_storel_epi64(reinterpret_cast<I*>(p), _mm_packs_epi32(v, v)); }
    static I load_bytes(const void* p) { return _mm_loadu_si128(static_cast<const I*>(p)); }
    static I load_pairs(const int16_t* p) { return _mm_loadu_si128(reinterpret_cast<const I*>(p)); }
    static I broadcast32(const void* p) {
        int32_t value;
        __builtin_memcpy(&value, p, 4);
        return _mm_set1_epi32(value);
    }
    static I broadcast64(const void* p) {
        long long value;
        __builtin_memcpy(&value, p, 8);
        return _mm_set1_epi64x(value);
    }
    /// acc + the products of neighbouring 16-bit pairs, summed.
    static I dot16(I acc, I a, I b) { return _mm_add_epi32(acc, _mm_madd_epi16(a, b)); }
    /// `width/2` columns × 4 inputs of int8 as 16 bits.
    static I widen8(const int8_t* p) {
        const I bytes = _mm_loadl_epi64(reinterpret_cast<const I*>(p));
        return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
    }
    /// Sums neighbouring 32-bit lanes of two vectors: a0+a1, a2+a3, …, b0+b1, …
    static I add_neighbours(I a, I b) {
        const F fa = _mm_castsi128_ps(a), fb = _mm_castsi128_ps(b);
        return _mm_add_epi32(_mm_castps_si128(_mm_shuffle_ps(fa, fb, 0x88)),
                             _mm_castps_si128(_mm_shuffle_ps(fa, fb, 0xDD)));
    }
};
