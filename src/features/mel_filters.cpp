#include "features/mel_filters.h"

#include <algorithm>
#include <cmath>

namespace ft {

namespace {

constexpr double highest_hz = 8000.0;
constexpr double linear_hz_per_mel = 200.0 / 3.0;
constexpr double break_hz = 1000.0;
constexpr double break_mel = break_hz / linear_hz_per_mel;
const double log_step = std::log(6.4) / 27.0;  // 27 mels from 1 to 6.4 kHz

double mel_of(double hz) {
    return hz < break_hz ? hz / linear_hz_per_mel : break_mel + std::log(hz / break_hz) / log_step;
}

double hz_of(double mel) {
    return mel < break_mel ? mel * linear_hz_per_mel : break_hz * std::exp(log_step * (mel - break_mel));
}

}  // namespace

std::vector<MelFilter> make_mel_filters(int n_mels, int bins) {
    const auto corner = [&](int i) { return hz_of(mel_of(highest_hz) * i / (n_mels + 1)); };
    std::vector<MelFilter> filters(static_cast<size_t>(n_mels));
    for (int m = 0; m < n_mels; ++m) {
        MelFilter& filter = filters[static_cast<size_t>(m)];
        const double low = corner(m), middle = corner(m + 1), high = corner(m + 2);
        const double height = 2.0 / (high - low);  // equal areas
        for (int k = 0; k < bins; ++k) {
            const double hz = highest_hz * k / (bins - 1);
            const double weight = height * std::min((hz - low) / (middle - low), (high - hz) / (high - middle));
            if (weight <= 0.0) continue;
            if (filter.weights.empty()) filter.first_bin = k;
            filter.weights.push_back(weight);
        }
    }
    return filters;
}

}  // namespace ft
