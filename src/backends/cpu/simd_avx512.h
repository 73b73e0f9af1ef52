// Sixteen lanes: AVX-512 F, BW, DQ, VL. Included by kernels_avx512.cpp and kernels_avx512_vnni.cpp only.

struct Simd {
    using F = __m512;
    using I = __m512i;
    static constexpr int width = 16;
    static constexpr int product_rows = 12;

    static F load(const float* p) { return _mm512_loadu_ps(p); }
    static void store(float* p, F v) { _mm512_storeu_ps(p, v); }
    static F set(float v) { return _mm512_set1_ps(v); }
    static F add(F a, F b) { return _mm512_add_ps(a, b); }
    static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
    static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
    static F div(F a, F b) { return _mm512_div_ps(a, b); }
    static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
    static F max(F a, F b) { return _mm512_max_ps(a, b); }
    static F min(F a, F b) { return _mm512_min_ps(a, b); }
    static F abs(F a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0F), a); }
    static F copy_sign(F magnitude, F sign) {
        return _mm512_or_ps(magnitude, _mm512_and_ps(_mm512_set1_ps(-0.0F), sign));
    }
    static __m256 half(F v) { return _mm512_castps512_ps256(v); }
    static __m256 upper(F v) { return _mm512_extractf32x8_ps(v, 1); }
    static float sum(F v) {
        const __m256 eight = _mm256_add_ps(half(v), upper(v));
        const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
        return _mm_cvtss_f32(_mm_add_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
    }
    static float maximum(F v) {
        const __m256 eight = _mm256_max_ps(half(v), upper(v));
        const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
        return _mm_cvtss_f32(_mm_max_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
    }
    static I round(F v) { return _mm512_cvtps_epi32(v); }
    static F to_float(I v) { return _mm512_cvtepi32_ps(v); }
    /// 2ⁿ for integers n in [−126, 127].
    static F power_of_two(I n) {
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23));
    }

    static F nearest(F v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
    /// Exponents that scale_by_power takes: all (of those under −126 comes next to nothing).
    static F power_range(F x) { return x; }
    /// v·2ⁿ for whole n in power_range.
    static F scale_by_power(F v, F n) { return _mm512_scalef_ps(v, n); }
    static I zero() { return _mm512_setzero_si512(); }
    static I load(const int32_t* p) { return _mm512_loadu_si512(p); }
    static void store(int32_t* p, I v) { _mm512_storeu_si512(p, v); }
    static void store16(int16_t* p, I v) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
    }
    static void store8(uint8_t* p, I v) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v)); }
    static I load_bytes(const void* p) { return _mm512_loadu_si512(p); }
    static I load_pairs(const int16_t* p) { return _mm512_loadu_si512(p); }
    static I broadcast32(const void* p) {
        int32_t value;
        __builtin_memcpy(&value, p, 4);
        return _mm512_set1_epi32(value);
    }
    static I broadcast64(const void* p) {
        long long value;
        __builtin_memcpy(&value, p, 8);
        return _mm512_set1_epi64(value);
    }
#ifdef FT_VNNI
    static I dot16(I acc, I a, I b) {
        return _mm512_dpwssd_epi32(acc, a, b);
    }
    /// acc + the products of four neighbouring bytes, summed; a unsigned, b signed.
    static I dot8(I acc, I a, I b) {
        return _mm512_dpbusd_epi32(acc, a, b);
    }
#else
    static I dot16(I acc, I a, I b) {
        return _mm512_add_epi32(acc, _mm512_madd_epi16(a, b));
    }
#endif
    /// `width/2` columns × 4 inputs of int8 as 16 bits.
    static I widen8(const int8_t* p) {
        return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    }
    /// Sums neighbouring 32-bit lanes of two vectors: a0+a1, a2+a3, …, b0+b1, …
    static I add_neighbours(I a, I b) {
        const I even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
        const I odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
        return _mm512_add_epi32(_mm512_permutex2var_epi32(a, even, b), _mm512_permutex2var_epi32(a, odd, b));
    }
};
