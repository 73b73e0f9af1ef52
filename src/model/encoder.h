#pragma once
// Whisper's encoder (Radford et al. 2022, §2.2): two convolutions and pre-LayerNorm Transformer blocks.
#include <memory>
#include <utility>
#include <vector>

#include "model/whisper_model.h"

namespace ft {

/// A window as the encoder takes it: the log-mel [n_mels, 2·audio_positions], or, for a backend that makes it itself
/// (BackendInfo::takes_samples), the samples, at most 30 s.
struct WindowSound {
    WindowSound() = default;
    WindowSound(std::vector<float> all, bool samples = false) : values(std::move(all)), is_samples(samples) {}
    std::vector<float> values;
    bool is_samples = false;
};

/// Keeps its activations between windows. One thread at a time; model and backend must outlive it.
class Encoder {
  public:
    Encoder(const WhisperModel& model, Backend& backend);

    /// -> [audio_positions, d_model], valid until the next call.
    const Tensor& encode(const WindowSound& sound);
    /// The same, and what the decoder's layers hear of it; `listeners` texts will be followed side by side.
    std::unique_ptr<CrossCache> encode_for_decoder(const WindowSound& sound, int listeners = 1);

  private:
    Tensor spectrogram_of(const WindowSound& sound);
    void run_layer(const EncoderLayer& layer);

    const WhisperModel& model_;
    Backend& backend_;
    Tensor x_, qkv_, mixed_, hidden_, out_;  // [T, d], [T, 3d], [T, d], [T, ffn], [T, d]
};

}  // namespace ft
