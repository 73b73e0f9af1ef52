// The tiny checkpoint as a Hugging Face folder.
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "model/testing/tiny_checkpoint.h"
#include "model/vocabulary.h"

namespace ft {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

json config_json(const ModelConfig& config) {
    return {{"model_type", "whisper"},
            {"architectures", {"WhisperForConditionalGeneration"}},
            {"activation_function", "gelu"},
            {"scale_embedding", false},
            {"num_mel_bins", config.n_mels},
            {"d_model", config.d_model},
            {"encoder_layers", config.encoder_layers},
            {"decoder_layers", config.decoder_layers},
            {"encoder_attention_heads", config.encoder_heads},
            {"decoder_attention_heads", config.decoder_heads},
            {"encoder_ffn_dim", config.encoder_ffn},
            {"decoder_ffn_dim", config.decoder_ffn},
            {"vocab_size", config.vocabulary},
            {"max_source_positions", config.audio_positions},
            {"max_target_positions", config.text_positions}};
}

json generation_json(const GenerationConfig& generation) {
    json languages = json::object();
    for (const auto& [code, id] : generation.languages) languages["<|" + code + "|>"] = id;
    return {{"suppress_tokens", generation.suppress},
            {"begin_suppress_tokens", generation.begin_suppress},
            {"max_initial_timestamp_index", generation.max_initial_timestamp},
            {"alignment_heads", generation.alignment_heads},
            {"lang_to_id", languages},
            {"is_multilingual", !generation.languages.empty()}};
}

void write_tokenizer(const TinyCheckpoint& checkpoint, const fs::path& folder, bool one_file) {
    const Vocabulary& vocabulary = checkpoint.vocabulary;
    json vocab = json::object(), added = json::array(), added_ids = json::object();
    for (int32_t id = 0; id < vocabulary.first_special; ++id)
        vocab[to_printable(vocabulary.tokens[static_cast<size_t>(id)])] = id;
    // Like the published files: timestamps are not listed, and a reader must know them.
    for (int32_t id = vocabulary.first_special; id < checkpoint.generation.timestamp_begin; ++id) {
        const std::string& name = vocabulary.tokens[static_cast<size_t>(id)];
        added.push_back({{"id", id}, {"content", name}, {"special", true}});
        added_ids[name] = id;
    }
    json merges = json::array();
    std::string lines = "#version: 0.2\n";
    for (const auto& [left, right] : checkpoint.merges) {
        merges.push_back(to_printable(left) + " " + to_printable(right));
        lines += to_printable(left) + " " + to_printable(right) + "\n";
    }
    if (one_file) {
        const json all = {{"version", "1.0"},
                          {"added_tokens", added},
                          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}}}};
        write_file_atomically(folder / "tokenizer.json", all.dump());
    } else {
        write_file_atomically(folder / "vocab.json", vocab.dump());
        write_file_atomically(folder / "added_tokens.json", added_ids.dump());
        write_file_atomically(folder / "merges.txt", lines);
    }
}

const char* safetensors_name(DType dtype) {
    return dtype == DType::f32 ? "F32" : (dtype == DType::f16 ? "F16" : "BF16");
}

Encoding encoding_of(DType dtype) {
    return dtype == DType::f32 ? Encoding::f32 : (dtype == DType::f16 ? Encoding::f16 : Encoding::bf16);
}

}  // namespace

void write_safetensors(const std::map<std::string, TinyTensor>& tensors, const fs::path& file, DType dtype) {
    json header = {{"__metadata__", {{"format", "pt"}}}};
    std::string data;
    for (const auto& [name, tensor] : tensors) {
        const std::string bytes = encode_tensor(tensor.values, encoding_of(dtype), 1).bytes;
        header[name] = {{"dtype", safetensors_name(dtype)},
                        {"shape", tensor.shape},
                        {"data_offsets", {data.size(), data.size() + bytes.size()}}};
        data += bytes;
    }
    const std::string text = header.dump();
    const uint64_t length = text.size();
    std::string content(8, '\0');
    std::memcpy(content.data(), &length, 8);
    write_file_atomically(file, content + text + data);
}

void write_tiny_folder(const TinyCheckpoint& checkpoint, const fs::path& folder, const TinyFolderOptions& options) {
    fs::remove_all(folder);
    write_file_atomically(folder / "config.json", config_json(checkpoint.config).dump(1));
    if (options.generation_json)
        write_file_atomically(folder / "generation_config.json", generation_json(checkpoint.generation).dump(1));
    write_tokenizer(checkpoint, folder, options.tokenizer_json);

    std::map<std::string, TinyTensor> tensors = checkpoint.tensors;
    if (options.store_projection) tensors["proj_out.weight"] = tensors.at("model.decoder.embed_tokens.weight");
    if (options.shards <= 1) {
        write_safetensors(tensors, folder / "model.safetensors", options.dtype);
        return;
    }
    std::vector<std::map<std::string, TinyTensor>> shards(static_cast<size_t>(options.shards));
    json map = json::object();
    size_t next = 0;
    for (auto& [name, tensor] : tensors) {
        const size_t shard = next++ % shards.size();
        map[name] = fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, shards.size());
        shards[shard][name] = std::move(tensor);
    }
    for (size_t i = 0; i < shards.size(); ++i) {
        write_safetensors(shards[i], folder / fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size()),
                          options.dtype);
    }
    write_file_atomically(folder / "model.safetensors.index.json",
                          json{{"metadata", json::object()}, {"weight_map", map}}.dump());
}

}  // namespace ft
