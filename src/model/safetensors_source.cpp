// Hugging Face folders: config.json, generation_config.json, a tokenizer, and safetensors in one file or in shards.
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/safetensors.h"
#include "model/generation_config.h"
#include "model/json_reading.h"
#include "model/model_config.h"
#include "model/source_formats.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

constexpr size_t largest_text = size_t{32} << 20;  // ten times the largest tokenizer.json seen

bool known_encoding(const std::string& dtype, Encoding& encoding) {
    if (dtype == "F32")
        encoding = Encoding::f32;
    else if (dtype == "F16")
        encoding = Encoding::f16;
    else if (dtype == "BF16")
        encoding = Encoding::bf16;
    else
        return false;
    return true;
}

/// transformers' older exports call the same tensors without the leading "model.".
std::string full_name(const std::string& name) {
    const bool bare = name.rfind("encoder.", 0) == 0 || name.rfind("decoder.", 0) == 0;
    return bare ? "model." + name : name;
}

GenerationConfig read_generation(const fs::path& folder, const std::string& config_text, const ModelConfig& config,
                                 const Vocabulary& vocabulary) {
    const fs::path own = folder / "generation_config.json";
    if (is_there(own)) return parse_hf_generation(read_text(own), config, vocabulary, own.string());
    // Before generation_config.json existed, its lists stood in config.json.
    const std::string where = (folder / "config.json").string();
    const auto object = parse_json_object(config_text, where);
    if (find_member(object, "suppress_tokens") != nullptr)
        return parse_hf_generation(config_text, config, vocabulary, where);
    return derive_generation(config, vocabulary, where);
}

}  // namespace

bool is_there(const fs::path& path) {
    std::error_code error;
    const bool there = fs::exists(path, error);
    if (error) throw Error(ErrorCode::permission, "{}: cannot be reached: {}", path.string(), error.message());
    return there;
}

std::string read_text(const fs::path& path) {
    return read_file(path, largest_text);
}

TokenNames read_hf_token_names(const fs::path& folder) {
    const auto read = [&](const char* name, auto parse) {
        const fs::path path = folder / name;
        return is_there(path) ? parse(read_text(path), path.string()) : TokenNames();
    };
    TokenNames names = read("tokenizer.json", parse_tokenizer_json);
    if (!names.empty()) return names;
    names = read("vocab.json", parse_token_ids_json);
    if (names.empty()) {
        throw Error(ErrorCode::not_found,
                    "{}: has neither tokenizer.json nor vocab.json; fetch the model's folder again", folder.string());
    }
    for (TokenNames added : {read("added_tokens.json", parse_token_ids_json),
                             read("tokenizer_config.json", parse_tokenizer_config_json)}) {
        names.merge(added);
    }
    return names;
}

void add_safetensors(std::span<const std::byte> bytes, const std::string& where, TensorMap& tensors) {
    for (const SafetensorsEntry& entry : parse_safetensors(bytes, where).entries) {
        StoredTensor tensor;
        // Tensors of other types (counters, masks) are none of the network's; missing ones are found by name later.
        if (!known_encoding(entry.dtype, tensor.encoding)) continue;
        tensor.shape = entry.shape;
        tensor.bytes = bytes.subspan(entry.begin, entry.size());
        if (!tensors.emplace(full_name(entry.name), std::move(tensor)).second) {
            throw Error(ErrorCode::bad_model,
                        "{}: holds tensor {}, which another file of this model holds too; fetch the model again", where,
                        entry.name);
        }
    }
}

std::unique_ptr<ModelSource> open_safetensors(const SourceFiles& files) {
    Checkpoint checkpoint;
    checkpoint.format = "safetensors";
    const fs::path config_path = files.folder / "config.json";
    const std::string config_text = read_text(config_path);
    checkpoint.config = parse_hf_config(config_text, config_path.string());
    checkpoint.vocabulary =
        make_vocabulary(read_hf_token_names(files.folder), checkpoint.config.vocabulary, true, files.folder.string());
    checkpoint.generation = read_generation(files.folder, config_text, checkpoint.config, checkpoint.vocabulary);
    for (const fs::path& path : files.weights) {
        if (path.extension() == ".json") continue;  // the index of shards
        checkpoint.mappings.emplace_back(path);
        add_safetensors(checkpoint.mappings.back().bytes(), path.string(), checkpoint.tensors);
    }
    checkpoint.where = files.weights.front().string();
    checkpoint.files = files.all();
    return make_model_source(std::move(checkpoint));
}

}  // namespace ft
