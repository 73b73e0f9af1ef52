#pragma once
// Two microphones, two speakers: what one channel has of the other's speaker is silenced. Pure arithmetic, no FFmpeg.
#include <cstddef>
#include <vector>

namespace ft {

/// Looks at blocks of 256 ms. In a channel that is at least 6 dB quieter than another one, a block that is the louder
/// channel's sound over again (at one delay of up to 32 ms, half of it or more) becomes silence. What somebody says
/// while the other one speaks is not that, and stays.
class CrosstalkGate {
  public:
    static constexpr size_t block = 4096;  ///< samples at 16 kHz

    explicit CrosstalkGate(size_t channels) : gains_(channels, 1.0F) {}

    /// `channels`: [channels][samples at 16 kHz], of equal length, in place. A call's last block may be shorter: calls
    /// of whole blocks, but for the last one, give the same result however many there are to a call.
    void process(std::vector<std::vector<float>>& channels);

  private:
    std::vector<float> gains_;  // [channels] where the last block ended
};

}  // namespace ft
