#include "audio/crosstalk.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace ft {

namespace {

constexpr size_t step = 4;  // samples become one: delays are looked for at 4 kHz, where speech has its power
constexpr ptrdiff_t longest_delay = 128;   // of those: 32 ms
constexpr float twice_as_loud = 4.0F;      // in power: 6 dB
constexpr float least_correlation = 0.7F;  // half of the power
constexpr float nothing = 1e-9F;           // mean square: -90 dB, nothing to silence
constexpr size_t glide = 80;               // samples: 5 ms, no clicks

std::vector<float> thinned(std::span<const float> samples) {
    std::vector<float> thin(samples.size() / step);
    for (size_t i = 0; i < thin.size(); ++i) {
        float sum = 0.0F;
        for (size_t j = 0; j < step; ++j) sum += samples[i * step + j];
        thin[i] = sum / static_cast<float>(step);
    }
    return thin;
}

float power(std::span<const float> samples) {
    float sum = 0.0F;
    for (const float sample : samples) sum += sample * sample;
    return samples.empty() ? 0.0F : sum / static_cast<float>(samples.size());
}

/// The largest correlation of `quiet` with `loud` at any delay, as a share: 1 when one is the other, louder or turned
/// around.
float correlation(std::span<const float> quiet, std::span<const float> loud) {
    float best = 0.0F;
    const auto size = static_cast<ptrdiff_t>(quiet.size());
    for (ptrdiff_t delay = -longest_delay; delay <= longest_delay; ++delay) {
        const ptrdiff_t from = std::max<ptrdiff_t>(0, delay), to = std::min(size, size + delay);
        if (to - from < size / 2) continue;
        float product = 0.0F, of_quiet = 0.0F, of_loud = 0.0F;
        for (ptrdiff_t i = from; i < to; ++i) {
            const float a = quiet[static_cast<size_t>(i)], b = loud[static_cast<size_t>(i - delay)];
            product += a * b;
            of_quiet += a * a;
            of_loud += b * b;
        }
        const float both = of_quiet * of_loud;
        if (both > 0.0F) best = std::max(best, std::abs(product) / std::sqrt(both));
    }
    return best;
}

}  // namespace

void CrosstalkGate::process(std::vector<std::vector<float>>& channels) {
    const size_t count = channels.empty() ? 0 : channels[0].size();
    for (size_t at = 0; at < count; at += block) {
        const size_t size = std::min(block, count - at);
        std::vector<std::vector<float>> thin;
        std::vector<float> powers;
        for (const std::vector<float>& channel : channels) {
            thin.push_back(thinned(std::span(channel).subspan(at, size)));
            powers.push_back(power(thin.back()));
        }
        for (size_t c = 0; c < channels.size(); ++c) {
            bool is_crosstalk = false;
            for (size_t other = 0; other < channels.size() && !is_crosstalk; ++other) {
                is_crosstalk = other != c && powers[c] > nothing && powers[other] > twice_as_loud * powers[c] &&
                               correlation(thin[c], thin[other]) >= least_correlation;
            }
            const float target = is_crosstalk ? 0.0F : 1.0F, from = gains_[c];
            float* samples = channels[c].data() + at;
            for (size_t i = 0; i < size && (from != 1.0F || target != 1.0F); ++i) {
                const float share = std::min(1.0F, static_cast<float>(i + 1) / static_cast<float>(glide));
                samples[i] *= from + (target - from) * share;
            }
            gains_[c] = target;
        }
    }
}

}  // namespace ft
