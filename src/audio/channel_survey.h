#pragma once
// What the channels of a recording have to do with each other. Pure arithmetic, no FFmpeg.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ft {

/// Listens to a whole recording; memory does not grow with its length.
class ChannelSurvey {
  public:
    explicit ChannelSurvey(size_t channels);

    /// `channels`: [channels][any number of samples at 16 kHz], of equal length. What is left of the last frame of
    /// 32 ms in a call is not looked at.
    void push(std::span<const std::vector<float>> channels);

    struct Finding {
        /// Channels that say something of their own, ascending; none when all are silent.
        std::vector<size_t> distinct;
        /// Of each other channel that is not silent: the earlier one that it repeats.
        std::vector<std::pair<size_t, size_t>> repeats;
        /// The distinct ones are of different speakers: mostly, one is far louder than the others.
        bool separate = false;
    };
    Finding finding() const;

  private:
    static constexpr size_t levels = 100;  // -1 to -100 dB of full scale

    /// Frames by the level of the louder of two channels, and by which of them, if any, is far louder.
    struct Pair {
        double product = 0.0;
        std::array<std::array<int64_t, 3>, levels> frames{};
    };

    Pair& pair(size_t a, size_t b) { return pairs_[b * (b - 1) / 2 + a]; }
    const Pair& pair(size_t a, size_t b) const { return pairs_[b * (b - 1) / 2 + a]; }
    bool repeats(size_t earlier, size_t later) const;
    bool are_separate(const Pair& pair) const;

    std::vector<double> energies_;
    std::vector<Pair> pairs_;  // a < b
    int64_t samples_ = 0;
};

}  // namespace ft
