// Eight lanes: AVX2 and FMA. Included by kernels_avx2.cpp only.

struct Simd {
    using F = __m256;
    using I = __m256i;
    static constexpr int width = 8;
    static constexpr int product_rows = 3;

    static F load(const float* p) { return _mm256_loadu_ps(p); }
    static void store(float* p, F v) { _mm256_storeu_ps(p, v); }
    static F set(float v) { return _mm256_set1_ps(v); }
    static F add(F a, F b) { return _mm256_add_ps(a, b); }
    static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
    static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
    static F div(F a, F b) { return _mm256_div_ps(a, b); }
    static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
    static F max(F a, F b) { return _mm256_max_ps(a, b); }
    static F min(F a, F b) { return _mm256_min_ps(a, b); }
    static F abs(F a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
    static F copy_sign(F magnitude, F sign) {
        return _mm256_or_ps(magnitude, _mm256_and_ps(_mm256_set1_ps(-0.0F), sign));
    }
    static float sum(F v) {
        const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
        const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
        return _mm_cvtss_f32(_mm_add_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
    }
    static float maximum(F v) {
        const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
        const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
        return _mm_cvtss_f32(_mm_max_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
    }
    static I round(F v) { return _mm256_cvtps_epi32(v); }
    static F to_float(I v) { return _mm256_cvtepi32_ps(v); }
    /// 2ⁿ for integers n in [−126, 127].
    static F power_of_two(I n) {
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
    }

    static F nearest(F v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
    /// Exponents that scale_by_power takes; lower ones count as the lowest.
    static F power_range(F x) { return max(x, set(-126.0F)); }
    /// v·2ⁿ for whole n in power_range.
    static F scale_by_power(F v, F n) { return mul(v, power_of_two(round(n))); }
    static I zero() { return _mm256_setzero_si256(); }
    static I load(const int32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const I*>(p)); }
    static void store(int32_t* p, I v) { _mm256_storeu_si256(reinterpret_cast<I*>(p), v); }
    static void store16(int16_t* p, I v) {
        const __m128i narrow = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow);
    }
    static I load_bytes(const void* p) { return _mm256_loadu_si256(static_cast<const I*>(p)); }
    static I load_pairs(const int16_t* p) { return _mm256_loadu_si256(reinterpret_cast<const I*>(p)); }
    static I broadcast32(const void* p) {
        int32_t value;
        __builtin_memcpy(&value, p, 4);
        return _mm256_set1_epi32(value);
    }
    static I broadcast64(const void* p) {
        long long value;
        __builtin_memcpy(&value, p, 8);
        return _mm256_set1_epi64x(value);
    }
    /// acc + the products of neighbouring 16-bit pairs, summed.
    static I dot16(I acc, I a, I b) { return _mm256_add_epi32(acc, _mm256_madd_epi16(a, b)); }
    /// `width/2` columns × 4 inputs of int8 as 16 bits.
    static I widen8(const int8_t* p) {
        return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    }
    /// Sums neighbouring 32-bit lanes of two vectors: a0+a1, a2+a3, …, b0+b1, …
    static I add_neighbours(I a, I b) { return _mm256_permute4x64_epi64(_mm256_hadd_epi32(a, b), 0xD8); }
};
