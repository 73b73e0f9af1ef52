#pragma once
// log10 of many floats, without a call for each.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/simd.h"

namespace ft {

/// log10 of positive, normal x: x = 2^e · m with m in [√½, √2), log m by the series of 2·artanh((m − 1) / (m + 1)).
/// Within 2e-7 of the true value, relative to the larger of it and 1.
template <int lanes>
FT_INLINE void log10_vector(Vector<float, lanes>& x) {
    using V = Vector<float, lanes>;
    using I = Vector<int32_t, lanes>;
    constexpr int32_t root_half = 0x3F3504F3;  // the bits of √½
    I bits;
    std::memcpy(&bits, &x, sizeof bits);
    const I exponent = (bits - root_half) >> 23;
    const I mantissa = bits - (exponent << 23);
    V m;
    std::memcpy(&m, &mantissa, sizeof m);
    const V s = (m - 1.0F) / (m + 1.0F);
    const V s2 = s * s;
    const V series = 1.0F + s2 * (1.0F / 3 + s2 * (1.0F / 5 + s2 * (1.0F / 7 + s2 * (1.0F / 9))));
    constexpr float log10_of_2 = 0.301029995663981195F, twice_log10_of_e = 0.868588963806503655F;
    x = __builtin_convertvector(exponent, V) * log10_of_2 + s * series * twice_log10_of_e;
}

/// row[i] = log10(max(row[i], clamp)) for i < count; returns the largest of them (−100 when count is 0).
template <int lanes>
FT_INLINE float log10_in_place(float* row, int count, float clamp) {
    using V = Vector<float, lanes>;
    V highest = V{} - 100.0F;
    for (int i = 0; i < count; i += lanes) {
        const int used = count - i < lanes ? count - i : lanes;
        const size_t bytes = sizeof(float) * static_cast<size_t>(used);
        V x = V{} + clamp;  // lanes past the end: harmless, as nothing is lower
        std::memcpy(&x, row + i, used == lanes ? sizeof x : bytes);
        x = x > clamp ? x : V{} + clamp;
        log10_vector<lanes>(x);
        highest = x > highest ? x : highest;
        std::memcpy(row + i, &x, used == lanes ? sizeof x : bytes);
    }
    float result = highest[0];
    for (int lane = 1; lane < lanes; ++lane) result = highest[lane] > result ? highest[lane] : result;
    return result;
}

}  // namespace ft
