// whisper.cpp's ggml-model.bin: u32 magic, 11 i32 hyperparameters, mel filters (i32 bands, i32 bins, f32…), vocabulary
// (i32 count, then u32 length and bytes each), then tensors up to the end: i32 dimensions, i32 length of the name, i32
// type, i32 sizes… (innermost first), name, data. Names and order of special tokens are OpenAI's and not stored.
#include <algorithm>

#include "base/error.h"
#include "model/byte_reader.h"
#include "model/generation_config.h"
#include "model/model_config.h"
#include "model/source_formats.h"

namespace ft {

namespace {

constexpr uint32_t magic = 0x67676d6c;
constexpr int timestamps = 1501;  // 0.00 to 30.00 s in steps of 0.02

/// OpenAI's special tokens around the languages; timestamps follow.
constexpr const char* before_languages[] = {"<|endoftext|>", "<|startoftranscript|>"};
constexpr const char* after_languages[] = {"<|translate|>",   "<|transcribe|>", "<|startoflm|>",
                                           "<|startofprev|>", "<|nospeech|>",   "<|notimestamps|>"};

[[noreturn]] void damaged(const std::string& where, const std::string& what) {
    throw Error(ErrorCode::bad_model, "{}: {}; the file is damaged, fetch it again", where, what);
}

ModelConfig read_hyperparameters(ByteReader& in) {
    ModelConfig config;
    for (int ModelConfig::*field :
         {&ModelConfig::vocabulary, &ModelConfig::audio_positions, &ModelConfig::d_model, &ModelConfig::encoder_heads,
          &ModelConfig::encoder_layers, &ModelConfig::text_positions}) {
        config.*field = in.number<int32_t>();
    }
    in.number<int32_t>();  // the decoder's width: the encoder's
    for (int ModelConfig::*field : {&ModelConfig::decoder_heads, &ModelConfig::decoder_layers, &ModelConfig::n_mels}) {
        config.*field = in.number<int32_t>();
    }
    in.number<int32_t>();  // the kind of most tensors: every tensor says its own
    // Not stored; the tensors' own shapes replace it below.
    config.encoder_ffn = config.decoder_ffn = 1;
    return config;
}

void skip_mel_filters(ByteReader& in, const std::string& where) {
    const auto bands = in.number<int32_t>(), bins = in.number<int32_t>();
    if (bands < 0 || bins < 0) damaged(where, "its mel filters have a negative size");
    in.take(4 * static_cast<uint64_t>(bands) * static_cast<uint64_t>(bins));
}

/// The stored tokens, then OpenAI's special ones where the file has no names for them.
TokenNames read_vocabulary(ByteReader& in, int size, const std::string& where) {
    const auto stored = in.number<int32_t>();
    if (stored < 0 || stored > size) damaged(where, fmt::format("it has {} token names for {} tokens", stored, size));
    TokenNames names;
    int end_of_text = stored;
    for (int32_t id = 0; id < stored; ++id) {
        const std::string name(in.text(in.number<uint32_t>()));
        if (name == before_languages[0]) end_of_text = std::min(end_of_text, id);
        names.emplace_hint(names.end(), id, name);
    }
    constexpr int others = static_cast<int>(std::size(before_languages) + std::size(after_languages));
    const int languages = size - end_of_text - others - timestamps;
    if (languages < 0 || languages > static_cast<int>(whisper_languages().size())) {
        throw Error(
            ErrorCode::unsupported,
            "{}: has {} tokens of which {} are text, which is no layout of OpenAI's; give the model as safetensors",
            where, size, end_of_text);
    }
    // emplace keeps a stored name.
    int32_t id = end_of_text;
    for (const char* name : before_languages) names.emplace(id++, name);
    for (int i = 0; i < languages; ++i) names.emplace(id++, "<|" + whisper_languages()[static_cast<size_t>(i)] + "|>");
    for (const char* name : after_languages) names.emplace(id++, name);
    return names;
}

Encoding encoding_of(int type, const std::string& where, const std::string& tensor) {
    switch (type) {
        case 0:
            return Encoding::f32;
        case 1:
            return Encoding::f16;
        case 2:
            return Encoding::q4_0;
        case 3:
            return Encoding::q4_1;
        case 6:
            return Encoding::q5_0;
        case 7:
            return Encoding::q5_1;
        case 8:
            return Encoding::q8_0;
        case 30:
            return Encoding::bf16;
        default:
            break;
    }
    throw Error(ErrorCode::unsupported,
                "{}: tensor {} has ggml type {}; supported are f32, f16, bf16, q8_0, q5_0, q5_1, q4_0 and q4_1", where,
                tensor, type);
}

bool starts_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

/// The part of a block's tensor's name that follows "blocks.N.": OpenAI's and Hugging Face's.
constexpr std::pair<std::string_view, std::string_view> block_names[] = {{"attn_ln.", "self_attn_layer_norm."},
                                                                         {"attn.query.", "self_attn.q_proj."},
                                                                         {"attn.key.", "self_attn.k_proj."},
                                                                         {"attn.value.", "self_attn.v_proj."},
                                                                         {"attn.out.", "self_attn.out_proj."},
                                                                         {"cross_attn_ln.", "encoder_attn_layer_norm."},
                                                                         {"cross_attn.query.", "encoder_attn.q_proj."},
                                                                         {"cross_attn.key.", "encoder_attn.k_proj."},
                                                                         {"cross_attn.value.", "encoder_attn.v_proj."},
                                                                         {"cross_attn.out.", "encoder_attn.out_proj."},
                                                                         {"mlp_ln.", "final_layer_norm."},
                                                                         {"mlp.0.", "fc1."},
                                                                         {"mlp.2.", "fc2."}};
constexpr std::pair<std::string_view, std::string_view> other_names[] = {
    {"encoder.positional_embedding", "model.encoder.embed_positions.weight"},
    {"decoder.positional_embedding", "model.decoder.embed_positions.weight"},
    {"decoder.token_embedding.weight", "model.decoder.embed_tokens.weight"},
    {"encoder.ln_post.", "model.encoder.layer_norm."},
    {"decoder.ln.", "model.decoder.layer_norm."},
    {"encoder.conv1.", "model.encoder.conv1."},
    {"encoder.conv2.", "model.encoder.conv2."}};

/// Hugging Face's name, or "" for a tensor that is not of this network.
std::string hf_name(std::string_view name) {
    for (const auto& [from, to] : other_names) {
        if (starts_with(name, from)) return std::string(to).append(name.substr(from.size()));
    }
    for (const std::string_view side : {"encoder", "decoder"}) {
        const std::string start = std::string(side) + ".blocks.";
        const size_t dot = name.find('.', start.size());
        if (!starts_with(name, start) || dot == std::string_view::npos) continue;
        const std::string_view layer = name.substr(start.size(), dot - start.size()), rest = name.substr(dot + 1);
        for (const auto& [from, to] : block_names) {
            if (starts_with(rest, from))
                return fmt::format("model.{}.layers.{}.{}{}", side, layer, to, rest.substr(from.size()));
        }
    }
    return {};
}

void read_tensor(ByteReader& in, const std::string& where, TensorMap& tensors) {
    const auto rank = in.number<int32_t>(), name_size = in.number<int32_t>(), type = in.number<int32_t>();
    if (rank < 0 || rank > 4 || name_size < 0 || name_size > 256)
        damaged(where, fmt::format("there is no tensor at byte {}", in.at()));
    Shape shape;
    int64_t elements = 1;
    for (int i = 0; i < rank; ++i) {
        const auto size = in.number<int32_t>();
        if (size < 0 || (size > 0 && elements > (int64_t{1} << 40) / size))
            damaged(where, fmt::format("the tensor at byte {} has an absurd size", in.at()));
        elements *= size;
        shape.insert(shape.begin(), size);
    }
    const std::string name = in.name(static_cast<uint64_t>(name_size));
    StoredTensor tensor{encoding_of(type, where, name), shape, {}, {}};
    const size_t bytes = stored_size(tensor.encoding, shape);
    if (bytes == 0 && elements != 0) damaged(where, "tensor " + name + " does not consist of whole blocks");
    tensor.bytes = in.take(bytes);
    // Biases of convolutions are stored as columns.
    if (shape.size() == 2 && shape[1] == 1 && name.size() > 5 && name.compare(name.size() - 5, 5, ".bias") == 0)
        tensor.shape.pop_back();
    std::string target = hf_name(name);
    if (!target.empty() && !tensors.emplace(std::move(target), std::move(tensor)).second)
        damaged(where, "it holds tensor " + name + " twice");
}

int rows_of(const TensorMap& tensors, const std::string& name, const std::string& where) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.shape.empty()) damaged(where, "it has no tensor " + name);
    return static_cast<int>(found->second.shape[0]);
}

}  // namespace

Checkpoint parse_ggml(std::span<const std::byte> bytes, const std::string& where) {
    ByteReader in(bytes, where);
    if (in.number<uint32_t>() != magic) throw Error(ErrorCode::bad_model, "{}: is no ggml file", where);
    Checkpoint checkpoint;
    checkpoint.format = "ggml";
    checkpoint.where = where;
    checkpoint.config = read_hyperparameters(in);
    check_model_config(checkpoint.config, where);
    skip_mel_filters(in, where);
    const TokenNames names = read_vocabulary(in, checkpoint.config.vocabulary, where);
    while (in.left() > 0) read_tensor(in, where, checkpoint.tensors);
    checkpoint.config.encoder_ffn = rows_of(checkpoint.tensors, "model.encoder.layers.0.fc1.weight", where);
    checkpoint.config.decoder_ffn = rows_of(checkpoint.tensors, "model.decoder.layers.0.fc1.weight", where);
    check_model_config(checkpoint.config, where);
    checkpoint.vocabulary = make_vocabulary(names, checkpoint.config.vocabulary, false, where);
    checkpoint.generation = derive_generation(checkpoint.config, checkpoint.vocabulary, where);
    return checkpoint;
}

std::unique_ptr<ModelSource> open_ggml(const SourceFiles& files) {
    MappedFile file(files.weights.front());
    Checkpoint checkpoint = parse_ggml(file.bytes(), files.weights.front().string());
    checkpoint.mappings.push_back(std::move(file));
    checkpoint.files = files.all();
    return make_model_source(std::move(checkpoint));
}

}  // namespace ft
