#pragma once
// A checkpoint as it was published: configuration, vocabulary and named tensors, whatever the file format.
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace ft {

/// Every number the network's shape needs; read from config.json, never assumed.
struct ModelConfig {
    int n_mels = 80;
    int d_model = 0;
    int encoder_layers = 0, decoder_layers = 0;
    int encoder_heads = 0, decoder_heads = 0;
    int encoder_ffn = 0, decoder_ffn = 0;
    int vocabulary = 0;
    int audio_positions = 1500;  ///< encoder frames of a window
    int text_positions = 448;    ///< longest token sequence of the decoder

    bool operator==(const ModelConfig&) const = default;
};

/// Special tokens and what generation_config.json says; −1 or empty where the checkpoint has none.
struct GenerationConfig {
    int32_t end_of_text = -1, start_of_transcript = -1, transcribe = -1, translate = -1;
    int32_t start_of_previous = -1, no_speech = -1, no_timestamps = -1, timestamp_begin = -1;
    std::map<std::string, int32_t> languages;  ///< "sv" → token; empty for English-only models
    std::vector<int32_t> suppress;             ///< never chosen
    std::vector<int32_t> begin_suppress;       ///< never chosen first
    int max_initial_timestamp = 50;            ///< in steps of 0.02 s
    std::vector<std::pair<int, int>> alignment_heads;  ///< (layer, head)

    bool operator==(const GenerationConfig&) const = default;
};

/// The byte string of every token id in order; special tokens stand as their names, e.g. "<|sv|>".
struct Vocabulary {
    std::vector<std::string> tokens;  ///< index = id; raw bytes, not GPT-2's printable stand-ins
    int32_t first_special = 0;        ///< ids from here on are special (or timestamps)

    bool operator==(const Vocabulary&) const = default;
};

/// An opened checkpoint. Tensors are views of mapped files: they live as long as the source. Names are those of
/// Hugging Face's WhisperForConditionalGeneration ("model.encoder.layers.0.self_attn.q_proj.weight", …) for every format.
class ModelSource {
  public:
    virtual ~ModelSource() = default;
    virtual const ModelConfig& config() const = 0;
    virtual const GenerationConfig& generation() const = 0;
    virtual const Vocabulary& vocabulary() const = 0;
    virtual std::string format() const = 0;  ///< "safetensors", "ctranslate2", "ggml"
    /// Throws Error{bad_model} naming file and tensor when it is missing or has a shape that does not fit the config.
    virtual HostTensor tensor(const std::string& name) const = 0;
    virtual bool has(const std::string& name) const = 0;
    /// The files read, for hashes and staleness checks.
    virtual std::vector<std::filesystem::path> files() const = 0;
};

/// Opens a folder (Hugging Face safetensors, single or sharded; CTranslate2) or a file (ggml .bin, .safetensors).
/// Throws Error{not_found, bad_model}: never reads out of bounds on any input, never trusts a length in a file.
std::unique_ptr<ModelSource> open_model_source(const std::filesystem::path& path);

}  // namespace ft
