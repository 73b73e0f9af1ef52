#include "model/whisper_model.h"

#include <map>

#include "base/error.h"

namespace ft {

namespace {

/// Hands out the bound weights by name; each is asked for once.
class BoundWeights {
  public:
    BoundWeights(const PackedModel& packed, Backend& backend) {
        for (const WeightSpec& spec : weight_specs(packed.config())) {
            weights_[spec.name] = backend.bind(spec.kind, spec.shape, packed.weight(spec.name));
        }
    }

    WeightPtr take(const std::string& name) {
        const auto found = weights_.find(name);
        if (found == weights_.end() || !found->second)
            throw Error(ErrorCode::internal, "the model has no weight '{}'", name);
        return std::move(found->second);
    }

    FeedForwardWeights take_ffn(const std::string& layer) {
        return {take(layer + "ffn.norm"), take(layer + "ffn.1"), take(layer + "ffn.2")};
    }

  private:
    std::map<std::string, WeightPtr> weights_;
};

}  // namespace

WhisperModel::WhisperModel(PackedModel packed, Backend& backend)
    : packed_(std::move(packed)), takes_samples_(backend.info().takes_samples) {
    BoundWeights weights(packed_, backend);
    conv1 = weights.take("encoder.conv1");
    conv2 = weights.take("encoder.conv2");
    encoder_positions = weights.take("encoder.positions");
    for (int i = 0; i < config().encoder_layers; ++i) {
        const std::string layer = fmt::format("encoder.{}.", i);
        encoder.push_back({weights.take(layer + "attention.norm"), weights.take(layer + "attention.qkv"),
                           weights.take(layer + "attention.out"), weights.take_ffn(layer)});
    }
    encoder_norm = weights.take("encoder.norm");
    embedding = weights.take("decoder.embedding");
    decoder_positions = weights.take("decoder.positions");
    for (int i = 0; i < config().decoder_layers; ++i) {
        const std::string layer = fmt::format("decoder.{}.", i);
        decoder.push_back({weights.take(layer + "self.norm"), weights.take(layer + "self.qkv"),
                           weights.take(layer + "self.out"), weights.take(layer + "cross.norm"),
                           weights.take(layer + "cross.q"), weights.take(layer + "cross.kv"),
                           weights.take(layer + "cross.out"), weights.take_ffn(layer)});
    }
    decoder_norm = weights.take("decoder.norm");
}

}  // namespace ft
