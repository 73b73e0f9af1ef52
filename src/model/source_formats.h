#pragma once
// The readers behind open_model_source(), one a format. All throw Error{not_found, permission, io, bad_model,
// unsupported}.
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/checkpoint.h"
#include "model/vocabulary.h"

namespace ft {

enum class SourceFormat : uint8_t { safetensors, ctranslate2, ggml };

/// What a path holds: decided by the names in a folder, by the content of a file.
struct SourceFiles {
    SourceFormat format = SourceFormat::safetensors;
    std::filesystem::path folder;
    std::vector<std::filesystem::path> weights;  ///< index first where a checkpoint is sharded
    std::vector<std::filesystem::path> texts;    ///< those of the JSON and text files of this format that are there

    std::vector<std::filesystem::path> all() const;
};
SourceFiles find_source_files(const std::filesystem::path& path);

std::unique_ptr<ModelSource> open_safetensors(const SourceFiles& files);
std::unique_ptr<ModelSource> open_ctranslate2(const SourceFiles& files);
std::unique_ptr<ModelSource> open_ggml(const SourceFiles& files);

// From memory, for tests and fuzzing; `where` is only named in errors and the views live as long as `bytes`.

/// Tensors and configuration of a CTranslate2 model.bin.
struct ParsedWeights {
    ModelConfig config;
    TensorMap tensors;
};
ParsedWeights parse_ctranslate2(std::span<const std::byte> bytes, const std::string& where);
/// A ggml file holds everything.
Checkpoint parse_ggml(std::span<const std::byte> bytes, const std::string& where);
/// Adds a safetensors file's tensors. Throws Error{bad_model} on a name that is already there.
void add_safetensors(std::span<const std::byte> bytes, const std::string& where, TensorMap& tensors);

/// The vocabulary of a folder: tokenizer.json, or vocab.json with added_tokens.json and tokenizer_config.json.
TokenNames read_hf_token_names(const std::filesystem::path& folder);

/// Throws Error{permission} where that cannot be told.
bool is_there(const std::filesystem::path& path);
/// Reads a small text file of a checkpoint.
std::string read_text(const std::filesystem::path& path);

}  // namespace ft
