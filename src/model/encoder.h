#pragma once
// Whisper's encoder (Radford et al. 2022, §2.2): two convolutions and pre-LayerNorm Transformer blocks.
#include <memory>
#include <span>

#include "model/whisper_model.h"

namespace ft {

/// Keeps its activations between windows. One thread at a time; model and backend must outlive it.
class Encoder {
  public:
    Encoder(const WhisperModel& model, Backend& backend);

    /// log_mel [n_mels, 2·audio_positions], row-major → [audio_positions, d_model], valid until the next call.
    const Tensor& encode(std::span<const float> log_mel);
    /// The same, and what the decoder's layers hear of it; `listeners` texts will be followed side by side.
    std::unique_ptr<CrossCache> encode_for_decoder(std::span<const float> log_mel, int listeners = 1);

  private:
    void run_layer(const EncoderLayer& layer);

    const WhisperModel& model_;
    Backend& backend_;
    Tensor x_, qkv_, mixed_, hidden_, out_;  // [T, d], [T, 3d], [T, d], [T, ffn], [T, d]
};

}  // namespace ft
