#pragma once
// Power spectra of many real signals at once: each lane of a vector is one signal, so every step is a plain vector
// operation whatever the length. Stockham's self-sorting FFT with radices 5, 4 and 2.
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "base/simd.h"

namespace ft {

/// Immutable after construction; any number of threads may call power().
template <typename T>
class RealFft {
  public:
    /// n = 2·2^a·5^b samples. Throws Error{internal} for any other length.
    explicit RealFft(int n) : size_(n) {
        int left = n / 2;
        if (n < 4 || n % 2 != 0) throw Error(ErrorCode::internal, "no FFT of {} samples", n);
        for (const int radix : {5, 4, 2}) {
            while (left % radix == 0) {
                add_stage(left, radix);
                left /= radix;
            }
        }
        if (left != 1) throw Error(ErrorCode::internal, "no FFT of {} samples", n);
        for (int k = 0; k <= n / 4; ++k) append_root(split_, k, n);
    }

    int size() const { return size_; }
    int bins() const { return size_ / 2 + 1; }

    /// in: [size] vectors, overwritten; scratch: [size]; power: [bins], |X_k|² of each lane.
    template <int lanes>
    FT_INLINE void power(Vector<T, lanes>* in, Vector<T, lanes>* scratch, Vector<T, lanes>* power) const {
        // A real signal of n samples is read as a complex one of n/2: even samples real, odd ones imaginary.
        Vector<T, lanes>* from = in;
        Vector<T, lanes>* to = scratch;
        size_t stride = 1;
        for (const Stage& stage : stages_) {
            if (stage.radix == 5) run_stage<5, lanes>(stage, stride, from, to);
            if (stage.radix == 4) run_stage<4, lanes>(stage, stride, from, to);
            if (stage.radix == 2) run_stage<2, lanes>(stage, stride, from, to);
            stride *= static_cast<size_t>(stage.radix);
            Vector<T, lanes>* const swap = from;
            from = to;
            to = swap;
        }
        split<lanes>(from, power);
    }

  private:
    struct Stage {
        int radix = 0;
        int groups = 0;           // length of the remaining transforms / radix
        std::vector<T> twiddles;  // [groups, radix − 1, re im]
    };

    template <int lanes>
    struct Complex {
        Vector<T, lanes> re, im;
    };

    static void append_root(std::vector<T>& table, int k, int n) {
        const double angle = -2.0 * std::numbers::pi * k / n;
        table.push_back(static_cast<T>(std::cos(angle)));
        table.push_back(static_cast<T>(std::sin(angle)));
    }

    void add_stage(int length, int radix) {
        Stage stage;
        stage.radix = radix;
        stage.groups = length / radix;
        for (int p = 0; p < stage.groups; ++p) {
            for (int j = 1; j < radix; ++j) append_root(stage.twiddles, p * j, length);
        }
        stages_.push_back(std::move(stage));
    }

    template <int lanes>
    FT_INLINE static void butterfly2(Complex<lanes>* a) {
        const Complex<lanes> sum{a[0].re + a[1].re, a[0].im + a[1].im};
        a[1] = {a[0].re - a[1].re, a[0].im - a[1].im};
        a[0] = sum;
    }

    template <int lanes>
    FT_INLINE static void butterfly4(Complex<lanes>* a) {
        const Complex<lanes> s02{a[0].re + a[2].re, a[0].im + a[2].im}, d02{a[0].re - a[2].re, a[0].im - a[2].im};
        const Complex<lanes> s13{a[1].re + a[3].re, a[1].im + a[3].im}, d13{a[1].re - a[3].re, a[1].im - a[3].im};
        a[0] = {s02.re + s13.re, s02.im + s13.im};
        a[1] = {d02.re + d13.im, d02.im - d13.re};
        a[2] = {s02.re - s13.re, s02.im - s13.im};
        a[3] = {d02.re - d13.im, d02.im + d13.re};
    }

    template <int lanes>
    FT_INLINE static void butterfly5(Complex<lanes>* a) {
        using V = Vector<T, lanes>;
        constexpr T c1 = static_cast<T>(0.30901699437494742), c2 = static_cast<T>(-0.80901699437494742);
        constexpr T s1 = static_cast<T>(0.95105651629515357), s2 = static_cast<T>(0.58778525229247313);
        const V s14r = a[1].re + a[4].re, s14i = a[1].im + a[4].im, d14r = a[1].re - a[4].re, d14i = a[1].im - a[4].im;
        const V s23r = a[2].re + a[3].re, s23i = a[2].im + a[3].im, d23r = a[2].re - a[3].re, d23i = a[2].im - a[3].im;
        const V m1r = a[0].re + c1 * s14r + c2 * s23r, m1i = a[0].im + c1 * s14i + c2 * s23i;
        const V m2r = a[0].re + c2 * s14r + c1 * s23r, m2i = a[0].im + c2 * s14i + c1 * s23i;
        const V n1r = s1 * d14r + s2 * d23r, n1i = s1 * d14i + s2 * d23i;
        const V n2r = s2 * d14r - s1 * d23r, n2i = s2 * d14i - s1 * d23i;
        a[0] = {a[0].re + s14r + s23r, a[0].im + s14i + s23i};
        a[1] = {m1r + n1i, m1i - n1r};
        a[2] = {m2r + n2i, m2i - n2r};
        a[3] = {m2r - n2i, m2i + n2r};
        a[4] = {m1r - n1i, m1i + n1r};
    }

    template <int radix, int lanes>
    FT_INLINE static void run_stage(const Stage& stage, size_t stride, const Vector<T, lanes>* from,
                                    Vector<T, lanes>* to) {
        const size_t groups = static_cast<size_t>(stage.groups);
        const T* twiddle = stage.twiddles.data();
        for (size_t p = 0; p < groups; ++p, twiddle += 2 * (radix - 1)) {
            for (size_t q = 0; q < stride; ++q) {
                Complex<lanes> a[radix];
                for (size_t k = 0; k < radix; ++k) {
                    const Vector<T, lanes>* x = from + 2 * (q + stride * (p + k * groups));
                    a[k] = {x[0], x[1]};
                }
                if constexpr (radix == 2) butterfly2<lanes>(a);
                if constexpr (radix == 4) butterfly4<lanes>(a);
                if constexpr (radix == 5) butterfly5<lanes>(a);
                Vector<T, lanes>* y = to + 2 * (q + stride * radix * p);
                y[0] = a[0].re;
                y[1] = a[0].im;
                for (size_t j = 1; j < radix; ++j) {
                    const T c = twiddle[2 * (j - 1)], s = twiddle[2 * (j - 1) + 1];
                    y[2 * stride * j] = a[j].re * c - a[j].im * s;
                    y[2 * stride * j + 1] = a[j].re * s + a[j].im * c;
                }
            }
        }
    }

    /// The spectrum of the n real samples from that of the n/2 complex ones, two bins at a time.
    template <int lanes>
    FT_INLINE void split(const Vector<T, lanes>* z, Vector<T, lanes>* power) const {
        using V = Vector<T, lanes>;
        const size_t half = static_cast<size_t>(size_) / 2;
        for (size_t k = 0; 2 * k <= half; ++k) {
            const size_t mirror = (half - k) % half;
            const V a = z[2 * k], b = z[2 * k + 1], c = z[2 * mirror], d = z[2 * mirror + 1];
            const V even_re = (a + c) * T(0.5), even_im = (b - d) * T(0.5);
            const V odd_re = (b + d) * T(0.5), odd_im = (c - a) * T(0.5);
            const T cosine = split_[2 * k], sine = split_[2 * k + 1];
            const V re = odd_re * cosine - odd_im * sine, im = odd_re * sine + odd_im * cosine;
            power[k] = (even_re + re) * (even_re + re) + (even_im + im) * (even_im + im);
            power[half - k] = (even_re - re) * (even_re - re) + (even_im - im) * (even_im - im);
        }
    }

    int size_;
    std::vector<Stage> stages_;
    std::vector<T> split_;  // [n/4 + 1, re im], the roots e^(−2πik/n)
};

}  // namespace ft
