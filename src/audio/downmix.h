#pragma once
// Any number of channels → one, so that nothing that was said gets lost. Pure arithmetic, no FFmpeg.
#include <cstddef>
#include <span>
#include <vector>

namespace ft {

/// What a channel is for; `plain` channels (microphones, unknown layouts) all count the same.
enum class ChannelRole { plain, centre, front, surround, low_frequency };

/// One weight a channel, [channels], all positive and 1 in sum: full scale on every channel cannot clip. The centre,
/// where films keep their dialogue, counts most; the low-frequency channel hardly (but a microphone that a recorder
/// labelled so is still heard).
std::vector<float> downmix_weights(std::span<const ChannelRole> roles);

/// Weighted sum of the channels. Where channels cancel each other (a cable with swapped poles, "antiphase" stereo),
/// the sum would be silence: then those that run against the loudest one are turned around.
///
/// The choice is made for blocks of 50 ms counted from the first sample, each before it is put out, so it depends on
/// the samples alone (not on packet sizes) and the first word is not lost. The plain sum is kept while it has at least
/// 20 % of the energy that unrelated channels would give (7 dB lost); it is taken up again above 50 %. Between two
/// choices the weights glide over 10 ms: no clicks. Ordinary stereo gets the average, sample by sample.
class Downmixer {
  public:
    /// `weights` [channels] from downmix_weights(), `rate` in Hz.
    Downmixer(std::vector<float> weights, int rate);

    /// Takes `count` samples from each of channels [channels]; appends to `mono` what is ready (up to 50 ms behind).
    void push(std::span<const float* const> channels, size_t count, std::vector<float>& mono);

    /// Appends what is left of the last block.
    void flush(std::vector<float>& mono);

  private:
    void emit_block(std::vector<float>& mono);
    void choose_signs();
    double mixed_energy(std::span<const float> signs) const;

    std::vector<float> weights_;             // [channels]
    std::vector<float> signs_;               // [channels] +1 or -1, the choice for the current block
    std::vector<float> gains_;               // [channels] weight times sign where the last block ended
    std::vector<std::vector<float>> block_;  // [channels][block_size_]
    size_t block_size_;
    size_t ramp_;
    size_t filled_ = 0;
    bool started_ = false;
};

}  // namespace ft
