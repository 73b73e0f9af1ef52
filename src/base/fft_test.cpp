#include "base/fft.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ft {
namespace {

/// Every lane carries another signal; the definition of the transform is the reference.
template <typename T>
void check(int n, double tolerance) {
    constexpr int lanes = 4;
    const RealFft<T> fft(n);
    std::mt19937 random(static_cast<unsigned>(n));
    std::uniform_real_distribution<double> uniform(-1.0, 1.0);
    std::vector<Vector<T, lanes>> in(n), scratch(n), power(fft.bins());
    for (auto& v : in) {
        for (int lane = 0; lane < lanes; ++lane) v[lane] = static_cast<T>(uniform(random));
    }
    const auto signal = in;
    fft.template power<lanes>(in.data(), scratch.data(), power.data());
    for (int lane = 0; lane < lanes; ++lane) {
        for (int k = 0; k <= n / 2; ++k) {
            double re = 0, im = 0;
            for (int i = 0; i < n; ++i) {
                const double angle = -2.0 * std::numbers::pi * (static_cast<int64_t>(k) * i % n) / n;
                re += signal[i][lane] * std::cos(angle);
                im += signal[i][lane] * std::sin(angle);
            }
            EXPECT_NEAR(power[k][lane], re * re + im * im, tolerance * n)
                << "n " << n << " bin " << k << " lane " << lane;
        }
    }
}

TEST(RealFft, EqualsTheDefinition) {
    for (const int n : {4, 8, 10, 16, 20, 40, 80, 100, 256, 400, 500, 512}) check<double>(n, 1e-13);
    for (const int n : {16, 20, 256, 400}) check<float>(n, 2e-5);
}

TEST(RealFft, RefusesLengthsItCannotDo) {
    for (const int n : {-2, 0, 2, 7, 6, 28, 401}) EXPECT_THROW(RealFft<float>{n}, Error) << n;
}

}  // namespace
}  // namespace ft
