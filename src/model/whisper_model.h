#pragma once
// A Whisper model bound to a backend: the packed file's weights under names that the encoder and decoder use.
#include <memory>
#include <vector>

#include "model/packed_model.h"

namespace ft {

struct FeedForwardWeights {
    WeightPtr norm, expand, contract;
};

struct EncoderLayer {
    WeightPtr norm, qkv, out;
    FeedForwardWeights ffn;
};

struct DecoderLayer {
    WeightPtr self_norm, self_qkv, self_out;
    WeightPtr cross_norm, cross_q, cross_kv, cross_out;
    FeedForwardWeights ffn;
};

/// Immutable after construction. Used by the thread that owns the backend, which must outlive it.
class WhisperModel {
  public:
    /// Throws Error{bad_model} when a weight is missing or does not fit.
    WhisperModel(PackedModel packed, Backend& backend);

    const ModelConfig& config() const { return packed_.config(); }
    const PackedModel& packed() const { return packed_; }
    bool takes_samples() const { return takes_samples_; }  ///< as its backend (BackendInfo)

    WeightPtr conv1, conv2, encoder_positions, encoder_norm;
    std::vector<EncoderLayer> encoder;
    WeightPtr embedding, decoder_positions, decoder_norm;
    std::vector<DecoderLayer> decoder;

  private:
    PackedModel packed_;
    const bool takes_samples_;
};

}  // namespace ft
