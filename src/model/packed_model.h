#pragma once
// One file with everything a run needs, laid out for a backend and mapped at start (docs/formats.md, "Packed model").
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "model/model_source.h"
#include "tensor/backend.h"

namespace ft {

/// One weight of the network: how it is packed, and from which tensors of the checkpoint it is made.
struct WeightSpec {
    std::string name;  ///< in the packed file, e.g. "decoder.3.self.qkv"
    WeightKind kind = WeightKind::linear;
    Shape shape;                       ///< of the unpacked weight
    std::vector<std::string> weights;  ///< source tensors, concatenated along the first dimension
    std::vector<std::string> biases;   ///< likewise; "" stands for zeros (Whisper's k_proj has none); empty: no bias
};

/// All weights of a Whisper model of this shape, in the order in which a run needs them.
std::vector<WeightSpec> weight_specs(const ModelConfig& config);

/// A mapped packed file. Immutable; any number of threads may read.
class PackedModel {
  public:
    /// Throws Error{bad_model} when the file is damaged, truncated, of another version or made for another packing;
    /// the header's checksum is always checked, the weights' only with `verify_weights` (model verify, first use).
    static PackedModel open(const std::filesystem::path& file, const std::string& packing, bool verify_weights = false);

    const ModelConfig& config() const { return config_; }
    const GenerationConfig& generation() const { return generation_; }
    const Vocabulary& vocabulary() const { return vocabulary_; }
    /// Identity of the checkpoint: what fingerprint() gave when it was packed.
    const std::string& source_fingerprint() const { return fingerprint_; }
    const std::string& packing() const { return packing_; }
    /// Throws Error{bad_model} when there is none of that name.
    std::span<const std::byte> weight(const std::string& name) const;

  private:
    friend class PackedModelReader;
    MappedFile file_;
    std::span<const std::byte> bytes_;  // the mapping, which moves with file_
    ModelConfig config_;
    GenerationConfig generation_;
    Vocabulary vocabulary_;
    std::string fingerprint_, packing_, where_;
    struct Entry {
        std::string name;
        uint64_t offset = 0, size = 0;
        uint64_t checksum = 0;
    };
    std::vector<Entry> entries_;  // sorted by name
};

/// Names, sizes and modification times of a checkpoint's files, as one string: changes when the checkpoint does.
std::string fingerprint(const ModelSource& source);
/// The same for what open_model_source(path) would open, in well under a millisecond: weights and vocabulary stay
/// unread.
std::string fingerprint(const std::filesystem::path& path);

/// Packs weight by weight (peak memory: one weight), atomically. Throws Error{io, bad_model}.
void write_packed_model(const ModelSource& source, const WeightPacker& packer, const std::filesystem::path& file);

}  // namespace ft
