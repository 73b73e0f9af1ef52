#pragma once
// Signals for tests, sample for sample those of tests/golden/test_signal.py: no audio needs to be stored.
// Change both files together, then make the golden files again.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "base/sample_time.h"

namespace ft::test_signal {

constexpr int64_t second = sample_rate;  ///< in samples

/// Numerical Recipes' 32-bit generator; the high 16 bits are used.
class Lcg {
  public:
    explicit Lcg(uint32_t seed) : state_(seed) {}
    uint32_t next() {
        state_ = state_ * 1664525U + 1013904223U;
        return state_ >> 16;
    }
    double uniform(double low, double high) { return low + (high - low) * next() / 65536.0; }

  private:
    uint32_t state_;
};

inline float quantize(double value) {
    return static_cast<float>(std::nearbyint(std::clamp(value, -1.0, 1.0) * 32767.0) / 32768.0);
}

/// White noise, int16 steps.
inline std::vector<float> noise(size_t samples, uint32_t seed, double amplitude) {
    Lcg lcg(seed);
    std::vector<float> out(samples);
    for (float& value : out) value = quantize(amplitude * (lcg.next() / 32768.0 - 1.0));
    return out;
}

inline std::vector<float> tone(size_t samples, double hertz, double amplitude) {
    std::vector<float> out(samples);
    for (size_t i = 0; i < samples; ++i) {
        out[i] = quantize(amplitude * std::sin(2.0 * std::numbers::pi * hertz * static_cast<double>(i) / 16000));
    }
    return out;
}

/// Syllables of 0.18 s (voiced, hissing or silent) with a gliding pitch and two formants; a pause after every 16.
inline std::vector<float> speech_like(size_t samples, uint32_t seed) {
    constexpr size_t syllable = 2880;
    constexpr double pi = std::numbers::pi;
    Lcg lcg(seed);
    std::vector<float> out(samples);
    double phase = 0.0;
    for (size_t index = 0; index * syllable < samples; ++index) {
        const double kind = lcg.uniform(0.0, 1.0);
        const double f1 = lcg.uniform(280.0, 800.0), f2 = lcg.uniform(900.0, 2400.0);
        const double pitch = lcg.uniform(100.0, 180.0), glide = lcg.uniform(-30.0, 30.0);
        const double loudness = lcg.uniform(0.1, 0.5);
        std::array<double, 25> gain{};
        for (int h = 1; h < 25; ++h) {
            const double from1 = (h * pitch - f1) / 120.0, from2 = (h * pitch - f2) / 160.0;
            gain[static_cast<size_t>(h)] = 1.0 / (1.0 + from1 * from1) + 0.5 / (1.0 + from2 * from2);
        }
        for (size_t i = 0; i < syllable; ++i) {
            const double hiss = lcg.next() / 32768.0 - 1.0;
            const double x = static_cast<double>(i) / syllable;
            const double envelope = std::sin(pi * x) * std::sin(pi * x) * loudness;
            double value = 0.001 * hiss;
            if (index % 16 < 12 && kind >= 0.1 && kind < 0.25) value = 0.2 * envelope * hiss;
            if (index % 16 < 12 && kind >= 0.25) {
                double voice = 0.0;
                for (int h = 1; h < 25; ++h) voice += gain[static_cast<size_t>(h)] * std::sin(2.0 * pi * h * phase);
                value = envelope * voice + 0.001 * hiss;
            }
            if (index * syllable + i < samples) out[index * syllable + i] = quantize(value);
            phase += (pitch + glide * x) / 16000;
        }
        phase = std::fmod(phase, 1.0);
    }
    return out;
}

/// Something to compare with the other language's: changes when any sample does.
inline uint32_t checksum(const std::vector<float>& pcm) {
    uint32_t sum = 0;
    for (const float value : pcm) sum = sum * 31U + static_cast<uint32_t>(static_cast<int32_t>(value * 32768.0F));
    return sum;
}

}  // namespace ft::test_signal
