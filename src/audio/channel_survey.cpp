#include "audio/channel_survey.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ft {

namespace {

constexpr size_t frame = 512;             // samples: 32 ms
constexpr double silent_db = -80.0;       // of full scale, mean of the recording
constexpr double far_quieter_db = -50.0;  // than the loudest channel: nobody speaks there
constexpr double same = 0.98;             // correlation: what differs is 14 dB down
constexpr double far_louder = 4.0;        // in power: 6 dB
constexpr double quietest_db = -65.0;     // of a frame that counts
constexpr double speech_range_db = 30.0;  // below the loud frames
constexpr double least_share = 0.7;       // of frames where one of two speakers is far louder
constexpr double least_own_share = 0.02;  // of frames where it is this one

double db(double power) {
    return 10.0 * std::log10(power + 1e-12);
}

double inner_product(const float* a, const float* b) {
    double sum = 0.0;
    for (size_t i = 0; i < frame; ++i) sum += static_cast<double>(a[i]) * b[i];
    return sum;
}

}  // namespace

ChannelSurvey::ChannelSurvey(size_t channels)
    : energies_(channels), pairs_(channels > 1 ? channels * (channels - 1) / 2 : 0) {}

void ChannelSurvey::push(std::span<const std::vector<float>> channels) {
    if (channels.empty()) return;
    std::vector<double> power(channels.size());
    for (size_t at = 0; at + frame <= channels[0].size(); at += frame) {
        for (size_t c = 0; c < channels.size(); ++c) {
            const double energy = inner_product(channels[c].data() + at, channels[c].data() + at);
            energies_[c] += energy;
            power[c] = energy / frame;
        }
        samples_ += frame;
        for (size_t b = 1; b < channels.size(); ++b) {
            for (size_t a = 0; a < b; ++a) {
                Pair& both = pair(a, b);
                both.product += inner_product(channels[a].data() + at, channels[b].data() + at);
                const double level = std::clamp(-db(std::max(power[a], power[b])), 0.0, levels - 1.0);
                const size_t who = power[a] > far_louder * power[b] ? 0 : power[b] > far_louder * power[a] ? 1 : 2;
                ++both.frames[static_cast<size_t>(level)][who];
            }
        }
    }
}

bool ChannelSurvey::repeats(size_t earlier, size_t later) const {
    return std::abs(pair(earlier, later).product) >= same * std::sqrt(energies_[earlier] * energies_[later]);
}

bool ChannelSurvey::are_separate(const Pair& pair) const {
    int64_t all = 0, louder = 0;
    for (const auto& level : pair.frames) all += std::accumulate(level.begin(), level.end(), int64_t{0});
    size_t loud = 0;  // a twentieth of the frames is at least as loud
    while (loud + 1 < levels && louder * 20 < all) {
        louder += std::accumulate(pair.frames[loud].begin(), pair.frames[loud].end(), int64_t{0});
        ++loud;
    }
    const double floor_db = std::max(quietest_db, -static_cast<double>(loud) - speech_range_db);
    std::array<int64_t, 3> who{};
    for (size_t level = 0; level < levels && -static_cast<double>(level) > floor_db; ++level) {
        for (size_t i = 0; i < who.size(); ++i) who[i] += pair.frames[level][i];
    }
    const auto count = static_cast<double>(who[0] + who[1] + who[2]);
    return count > 0 && static_cast<double>(who[0] + who[1]) >= least_share * count &&
           static_cast<double>(std::min(who[0], who[1])) >= least_own_share * count;
}

ChannelSurvey::Finding ChannelSurvey::finding() const {
    Finding found;
    if (samples_ == 0) return found;
    const double loudest_db = db(*std::max_element(energies_.begin(), energies_.end()) / static_cast<double>(samples_));
    for (size_t c = 0; c < energies_.size(); ++c) {
        const double level_db = db(energies_[c] / static_cast<double>(samples_));
        if (level_db < silent_db || level_db < loudest_db + far_quieter_db) continue;
        const auto earlier =
            std::find_if(found.distinct.begin(), found.distinct.end(), [&](size_t other) { return repeats(other, c); });
        if (earlier == found.distinct.end()) {
            found.distinct.push_back(c);
        } else {
            found.repeats.emplace_back(c, *earlier);
        }
    }
    found.separate = found.distinct.size() > 1;
    for (size_t j = 1; j < found.distinct.size(); ++j) {
        for (size_t i = 0; i < j; ++i) {
            if (!are_separate(pair(found.distinct[i], found.distinct[j]))) found.separate = false;
        }
    }
    return found;
}

}  // namespace ft
