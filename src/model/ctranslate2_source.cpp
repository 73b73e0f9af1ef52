// CTranslate2 folders: its variables under Hugging Face's names, with the texts beside them.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "model/ctranslate2_file.h"
#include "model/generation_config.h"
#include "model/json_reading.h"
#include "model/model_config.h"
#include "model/source_formats.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

/// Takes CTranslate2's variables and gives them Hugging Face's names.
class Mapper {
  public:
    Mapper(const Ct2Variables& variables, const std::string& where) : variables_(variables), where_(where) {}

    bool has(const std::string& name) const { return variables_.count(name) != 0; }
    const Ct2Variable& get(const std::string& name) const {
        const auto found = variables_.find(name);
        if (found == variables_.end())
            throw Error(ErrorCode::bad_model, "{}: has no variable {}; the file is incomplete, fetch it again", where_,
                        name);
        return found->second;
    }
    int64_t dimension(const std::string& name, size_t axis) const {
        const Ct2Variable& variable = get(name);
        if (axis >= variable.shape.size())
            throw Error(ErrorCode::bad_model, "{}: variable {} has too few dimensions; the file is damaged", where_,
                        name);
        return variable.shape[axis];
    }

    void put(const std::string& source, const std::string& target) { tensors[target] = stored(source); }
    void linear(const std::string& source, const std::string& target) {
        put(source + "/weight", target + ".weight");
        put(source + "/bias", target + ".bias");
    }
    void norm(const std::string& source, const std::string& target) {
        put(source + "/gamma", target + ".weight");
        put(source + "/beta", target + ".bias");
    }
    /// A fused projection: its rows belong to the parts in turn. Whisper's key projection has no bias: zeros are
    /// stored.
    void fused(const std::string& source, const std::string& target, std::initializer_list<const char*> parts) {
        const StoredTensor weight = stored(source + "/weight"), bias = stored(source + "/bias");
        int64_t index = 0;
        for (const char* part : parts) {
            const std::string name = target + "." + part;
            const auto count = static_cast<int64_t>(parts.size());
            tensors[name + ".weight"] = rows(weight, index, count, source);
            if (std::string_view(part) != "k_proj") tensors[name + ".bias"] = rows(bias, index, count, source);
            ++index;
        }
    }
    TensorMap tensors;

  private:
    StoredTensor stored(const std::string& name) const {
        const Ct2Variable& variable = get(name);
        StoredTensor tensor{Encoding::f32, variable.shape, variable.bytes, {}};
        if (variable.type == Ct2Type::f16) tensor.encoding = Encoding::f16;
        if (variable.type == Ct2Type::bf16) tensor.encoding = Encoding::bf16;
        if (variable.type == Ct2Type::i16 || variable.type == Ct2Type::i32) {
            throw Error(ErrorCode::unsupported,
                        "{}: variable {} has type {}, which is not supported; convert the model with --quantization "
                        "float16 or int8",
                        where_, name, variable.type == Ct2Type::i16 ? "int16" : "int32");
        }
        if (variable.type == Ct2Type::i8) {
            const Ct2Variable& scale = get(variable.name + "_scale");
            const size_t rows = variable.shape.empty() ? 1 : static_cast<size_t>(variable.shape[0]);
            const size_t scales = scale.bytes.size() / sizeof(float);
            if (scale.type != Ct2Type::f32 || (scales != 1 && scales != rows)) {
                throw Error(ErrorCode::bad_model, "{}: variable {}_scale does not fit {}; the file is damaged", where_,
                            variable.name, name);
            }
            tensor.encoding = Encoding::i8_rows;
            tensor.scales = scale.bytes;
        }
        return tensor;
    }

    StoredTensor rows(const StoredTensor& whole, int64_t index, int64_t parts, const std::string& name) const {
        if (whole.shape.empty() || whole.shape[0] % parts != 0) {
            throw Error(ErrorCode::bad_model, "{}: variable {} cannot be split in {} equal parts; the file is damaged",
                        where_, name, parts);
        }
        StoredTensor part = whole;
        part.shape[0] /= parts;
        const size_t size = whole.bytes.size() / static_cast<size_t>(parts);
        part.bytes = whole.bytes.subspan(static_cast<size_t>(index) * size, size);
        if (whole.scales.size() > sizeof(float)) {
            const size_t scales = whole.scales.size() / static_cast<size_t>(parts);
            part.scales = whole.scales.subspan(static_cast<size_t>(index) * scales, scales);
        }
        return part;
    }

    const Ct2Variables& variables_;
    const std::string& where_;
};

int count_layers(const Mapper& mapper, const std::string& side) {
    int layers = 0;
    while (mapper.has(side + "/layer_" + std::to_string(layers) + "/ffn/linear_0/weight")) ++layers;
    return layers;
}

/// Every Whisper has heads of 64; older conversions do not store their number.
int count_heads(const Mapper& mapper, const std::string& side, int d_model) {
    const std::string name = side + "/num_heads";
    if (!mapper.has(name) || mapper.get(name).bytes.size() != sizeof(int16_t)) return d_model / 64;
    int16_t heads = 0;
    std::memcpy(&heads, mapper.get(name).bytes.data(), sizeof heads);
    return heads;
}

ModelConfig config_of(const Mapper& mapper, const std::string& where) {
    // Dimensions were read as u32 and bounded: as int they may still be absurd, which check_model_config refuses.
    const auto dimension = [&](const char* name, size_t axis) {
        return static_cast<int>(std::min<int64_t>(mapper.dimension(name, axis), INT32_MAX));
    };
    ModelConfig config;
    config.n_mels = dimension("encoder/conv1/weight", 1);
    config.d_model = dimension("encoder/conv1/weight", 0);
    config.encoder_layers = count_layers(mapper, "encoder");
    config.decoder_layers = count_layers(mapper, "decoder");
    config.encoder_heads = count_heads(mapper, "encoder", config.d_model);
    config.decoder_heads = count_heads(mapper, "decoder", config.d_model);
    config.encoder_ffn = dimension("encoder/layer_0/ffn/linear_0/weight", 0);
    config.decoder_ffn = dimension("decoder/layer_0/ffn/linear_0/weight", 0);
    config.vocabulary = dimension("decoder/embeddings/weight", 0);
    config.audio_positions = dimension("encoder/position_encodings/encodings", 0);
    config.text_positions = dimension("decoder/position_encodings/encodings", 0);
    check_model_config(config, where);
    return config;
}

void map_layer(Mapper& mapper, const std::string& side, int layer) {
    const std::string source = side + "/layer_" + std::to_string(layer);
    const std::string target = "model." + side + ".layers." + std::to_string(layer);
    mapper.norm(source + "/self_attention/layer_norm", target + ".self_attn_layer_norm");
    mapper.fused(source + "/self_attention/linear_0", target + ".self_attn", {"q_proj", "k_proj", "v_proj"});
    mapper.linear(source + "/self_attention/linear_1", target + ".self_attn.out_proj");
    if (side == "decoder") {
        mapper.norm(source + "/attention/layer_norm", target + ".encoder_attn_layer_norm");
        mapper.linear(source + "/attention/linear_0", target + ".encoder_attn.q_proj");
        mapper.fused(source + "/attention/linear_1", target + ".encoder_attn", {"k_proj", "v_proj"});
        mapper.linear(source + "/attention/linear_2", target + ".encoder_attn.out_proj");
    }
    mapper.norm(source + "/ffn/layer_norm", target + ".final_layer_norm");
    mapper.linear(source + "/ffn/linear_0", target + ".fc1");
    mapper.linear(source + "/ffn/linear_1", target + ".fc2");
}

TokenNames read_token_names(const fs::path& folder) {
    if (const fs::path path = folder / "vocabulary.json"; is_there(path))
        return parse_vocabulary_array(read_text(path), path.string());
    if (const fs::path path = folder / "vocabulary.txt"; is_there(path)) return parse_vocabulary_lines(read_text(path));
    return read_hf_token_names(folder);
}

GenerationConfig read_generation(const fs::path& folder, const ModelConfig& config, const Vocabulary& vocabulary) {
    const fs::path path = folder / "config.json", hf = folder / "generation_config.json";
    if (is_there(path)) {
        const std::string text = read_text(path);
        // Repositories that hold several formats side by side have Hugging Face's config.json here.
        if (find_member(parse_json_object(text, path.string()), "suppress_ids") != nullptr || !is_there(hf)) {
            return parse_ctranslate2_generation(text, config, vocabulary, path.string());
        }
    }
    if (is_there(hf)) return parse_hf_generation(read_text(hf), config, vocabulary, hf.string());
    return derive_generation(config, vocabulary, folder.string());
}

}  // namespace

ParsedWeights parse_ctranslate2(std::span<const std::byte> bytes, const std::string& where) {
    const Ct2Variables variables = read_ctranslate2_variables(bytes, where);
    Mapper mapper(variables, where);
    ParsedWeights result{config_of(mapper, where), {}};
    mapper.linear("encoder/conv1", "model.encoder.conv1");
    mapper.linear("encoder/conv2", "model.encoder.conv2");
    mapper.put("encoder/position_encodings/encodings", "model.encoder.embed_positions.weight");
    mapper.put("decoder/position_encodings/encodings", "model.decoder.embed_positions.weight");
    mapper.put("decoder/embeddings/weight", "model.decoder.embed_tokens.weight");
    if (mapper.has("decoder/projection/weight")) mapper.put("decoder/projection/weight", "proj_out.weight");
    for (int i = 0; i < result.config.encoder_layers; ++i) map_layer(mapper, "encoder", i);
    for (int i = 0; i < result.config.decoder_layers; ++i) map_layer(mapper, "decoder", i);
    mapper.norm("encoder/layer_norm", "model.encoder.layer_norm");
    mapper.norm("decoder/layer_norm", "model.decoder.layer_norm");
    result.tensors = std::move(mapper.tensors);
    return result;
}

std::unique_ptr<ModelSource> open_ctranslate2(const SourceFiles& files) {
    Checkpoint checkpoint;
    checkpoint.format = "ctranslate2";
    checkpoint.where = files.weights.front().string();
    checkpoint.files = files.all();
    checkpoint.mappings.emplace_back(files.weights.front());
    ParsedWeights weights = parse_ctranslate2(checkpoint.mappings.front().bytes(), checkpoint.where);
    checkpoint.config = weights.config;
    checkpoint.tensors = std::move(weights.tensors);
    checkpoint.vocabulary =
        make_vocabulary(read_token_names(files.folder), weights.config.vocabulary, true, files.folder.string());
    checkpoint.generation = read_generation(files.folder, weights.config, checkpoint.vocabulary);
    return make_model_source(std::move(checkpoint));
}

}  // namespace ft
