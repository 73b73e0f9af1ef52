#include "model/checkpoint.h"

#include <algorithm>

#include "base/error.h"
#include "model/packed_model.h"

namespace ft {

namespace {

constexpr const char* embedding_name = "model.decoder.embed_tokens.weight";
constexpr const char* projection_name = "proj_out.weight";

/// The shape of every tensor that the network needs, from the one list of its weights.
std::map<std::string, Shape> expected_shapes(const ModelConfig& config) {
    std::map<std::string, Shape> shapes;
    for (const WeightSpec& spec : weight_specs(config)) {
        Shape part = spec.shape;
        part[0] /= static_cast<int64_t>(spec.weights.size());
        for (const std::string& name : spec.weights) shapes[name] = part;
        for (const std::string& name : spec.biases) {
            if (!name.empty()) shapes[name] = {part[0]};
        }
    }
    return shapes;
}

std::string to_string(const Shape& shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

class CheckpointSource final : public ModelSource {
  public:
    explicit CheckpointSource(Checkpoint checkpoint)
        : checkpoint_(std::move(checkpoint)), shapes_(expected_shapes(checkpoint_.config)) {
        check_projection();
    }

    const ModelConfig& config() const override { return checkpoint_.config; }
    const GenerationConfig& generation() const override { return checkpoint_.generation; }
    const Vocabulary& vocabulary() const override { return checkpoint_.vocabulary; }
    std::string format() const override { return checkpoint_.format; }
    bool has(const std::string& name) const override { return checkpoint_.tensors.count(name) != 0; }
    std::vector<std::filesystem::path> files() const override { return checkpoint_.files; }

    HostTensor tensor(const std::string& name) const override {
        const auto found = checkpoint_.tensors.find(name);
        if (found == checkpoint_.tensors.end()) {
            throw Error(ErrorCode::bad_model, "{}: has no tensor {}; the file is incomplete, fetch it again",
                        checkpoint_.where, name);
        }
        const auto expected = shapes_.find(name);
        if (expected != shapes_.end() && expected->second != found->second.shape) {
            throw Error(
                ErrorCode::bad_model,
                "{}: tensor {} has shape {}, but the configuration asks for {}; these files do not belong together",
                checkpoint_.where, name, to_string(found->second.shape), to_string(expected->second));
        }
        return decode_tensor(found->second);
    }

  private:
    /// One matrix serves both as embedding and as output projection; a checkpoint that stores both must store it twice.
    void check_projection() const {
        const auto projection = checkpoint_.tensors.find(projection_name);
        const auto embedding = checkpoint_.tensors.find(embedding_name);
        if (projection == checkpoint_.tensors.end() || embedding == checkpoint_.tensors.end()) return;
        const StoredTensor &a = projection->second, &b = embedding->second;
        if (a.bytes.data() == b.bytes.data()) return;
        const bool same_encoding = a.encoding == b.encoding && a.scales.empty() && b.scales.empty();
        const bool same = a.shape == b.shape &&
                          (same_encoding ? std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end())
                                         : decode_tensor(a).to_f32() == decode_tensor(b).to_f32());
        if (!same) {
            throw Error(ErrorCode::unsupported,
                        "{}: the output projection ({}) differs from the token embedding; only models that share the "
                        "two are supported",
                        checkpoint_.where, projection_name);
        }
    }

    Checkpoint checkpoint_;
    std::map<std::string, Shape> shapes_;
};

}  // namespace

std::unique_ptr<ModelSource> make_model_source(Checkpoint checkpoint) {
    return std::make_unique<CheckpointSource>(std::move(checkpoint));
}

}  // namespace ft
