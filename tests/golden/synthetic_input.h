#pragma once
// The inputs of the golden files, made from integers exactly as make_whisper_golden.py makes them.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace ft::golden {

/// The script's random numbers.
class Lcg {
  public:
    uint32_t next() { return state_ = state_ * 1664525U + 1013904223U; }

  private:
    uint32_t state_ = 12345;
};

/// 30 s at 16 kHz: a rising and falling triangle tone with bursts of noise.
inline std::vector<float> synthetic_signal() {
    Lcg random;
    uint32_t phase = 0;
    std::vector<float> samples(480000);
    for (int32_t i = 0; i < 480000; ++i) {
        const auto noise = static_cast<int32_t>(random.next() >> 16) - 32768;
        const int32_t sweep = i % 32000;
        phase += 26843545U + static_cast<uint32_t>(sweep < 16000 ? sweep : 32000 - sweep) * 20000U;
        const auto ramp = static_cast<int32_t>(phase >> 17);
        const int32_t triangle = (ramp < 16384 ? ramp : 32767 - ramp) - 8192;
        // Shifted, not divided: Python rounds down.
        const int32_t value = (i / 24000 % 4 != 3 ? triangle : 0) + (i / 8000 % 3 == 0 ? noise >> 3 : 0);
        samples[static_cast<size_t>(i)] = static_cast<float>(value) / 32768.0F;
    }
    return samples;
}

/// A log-mel [80, 3000]: ridges that wander over the bands, and noise.
inline std::vector<float> synthetic_features() {
    Lcg random;
    std::vector<float> features;
    features.reserve(80 * 3000);
    for (int32_t band = 0; band < 80; ++band) {
        for (int32_t frame = 0; frame < 3000; ++frame) {
            const int32_t ridge = std::abs((band * 40 + frame * 3) % 800 * 2 - 800);
            const int32_t swell = std::abs(frame % 400 * 2 - 400);
            const auto noise = static_cast<int32_t>(random.next() >> 22);
            features.push_back(static_cast<float>(ridge * swell / 100 + noise - 2048) / 2048.0F);
        }
    }
    return features;
}

/// Equal to the files' `…_checksum` when the values are; scale 32768 for samples, 2048 for features.
inline uint32_t checksum(std::span<const float> values, float scale) {
    uint32_t sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        sum += static_cast<uint32_t>(static_cast<int32_t>(values[i] * scale)) * static_cast<uint32_t>(i % 251 + 1);
    }
    return sum;
}

}  // namespace ft::golden
