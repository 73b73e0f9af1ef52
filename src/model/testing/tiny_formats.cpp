// The tiny checkpoint as CTranslate2 and as whisper.cpp store it.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "model/testing/tiny_checkpoint.h"
#include "model/vocabulary.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

class Bytes {
  public:
    template <typename Number>
    void number(Number value) {
        content.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    std::string content;
};

/// Collects CTranslate2's variables.
class Ct2File {
  public:
    explicit Ct2File(const TinyCheckpoint& checkpoint) : tensors_(checkpoint.tensors) {}

    void put(const std::string& name, const TinyTensor& tensor, Encoding encoding) {
        const size_t row = tensor.values.size() / static_cast<size_t>(tensor.shape[0]);
        const EncodedTensor encoded = encode_tensor(tensor.values, encoding, row);
        const int types[] = {0, 4, 5, 1};
        variable(name, tensor.shape, types[static_cast<int>(encoding)], encoded.bytes);
        if (!encoded.scales.empty()) {
            variable(name + "_scale", {tensor.shape[0]}, 0, encode_tensor(encoded.scales, Encoding::f32, 1).bytes);
        }
    }
    void variable(const std::string& name, const Shape& shape, int type, const std::string& bytes) {
        text(body_, name);
        body_.number(static_cast<uint8_t>(shape.size()));
        for (const int64_t size : shape) body_.number(static_cast<uint32_t>(size));
        body_.number(static_cast<uint8_t>(type));
        body_.number(static_cast<uint32_t>(bytes.size()));
        body_.content += bytes;
        ++count_;
    }
    void copy(const std::string& name, const std::string& source, Encoding encoding) {
        put(name, tensors_.at(source), encoding);
    }
    /// Parts below each other; a missing key bias is zeros.
    void fused(const std::string& name, const std::string& source, const std::vector<std::string>& parts,
               Encoding matrices, Encoding vectors) {
        TinyTensor weight, bias;
        for (const std::string& part : parts) {
            const TinyTensor& w = tensors_.at(source + "." + part + ".weight");
            weight.shape = {weight.shape.empty() ? w.shape[0] : weight.shape[0] + w.shape[0], w.shape[1]};
            weight.values.insert(weight.values.end(), w.values.begin(), w.values.end());
            const auto b = tensors_.find(source + "." + part + ".bias");
            if (b == tensors_.end()) {
                bias.values.resize(bias.values.size() + static_cast<size_t>(w.shape[0]));
            } else {
                bias.values.insert(bias.values.end(), b->second.values.begin(), b->second.values.end());
            }
        }
        bias.shape = {static_cast<int64_t>(bias.values.size())};
        put(name + "/weight", weight, matrices);
        put(name + "/bias", bias, vectors);
    }
    std::string finish(const std::string& alias, const std::string& target) const {
        Bytes file;
        file.number(uint32_t{6});
        text(file, "WhisperSpec");
        file.number(uint32_t{3});
        file.number(count_);
        file.content += body_.content;
        file.number(uint32_t{1});
        text(file, alias);
        text(file, target);
        return file.content;
    }

  private:
    static void text(Bytes& out, const std::string& value) {
        out.number(static_cast<uint16_t>(value.size() + 1));
        out.content += value + '\0';
    }
    const std::map<std::string, TinyTensor>& tensors_;
    Bytes body_;
    uint32_t count_ = 0;
};

void put_layer(Ct2File& file, const std::string& side, int layer, Encoding matrices, Encoding vectors) {
    const std::string to = side + "/layer_" + std::to_string(layer),
                      from = "model." + side + ".layers." + std::to_string(layer);
    const auto norm = [&](const std::string& name, const std::string& source) {
        file.copy(to + name + "/gamma", from + source + ".weight", vectors);
        file.copy(to + name + "/beta", from + source + ".bias", vectors);
    };
    const auto linear = [&](const std::string& name, const std::string& source) {
        file.copy(to + name + "/weight", from + source + ".weight", matrices);
        file.copy(to + name + "/bias", from + source + ".bias", vectors);
    };
    norm("/self_attention/layer_norm", ".self_attn_layer_norm");
    file.fused(to + "/self_attention/linear_0", from + ".self_attn", {"q_proj", "k_proj", "v_proj"}, matrices, vectors);
    linear("/self_attention/linear_1", ".self_attn.out_proj");
    if (side == "decoder") {
        norm("/attention/layer_norm", ".encoder_attn_layer_norm");
        linear("/attention/linear_0", ".encoder_attn.q_proj");
        file.fused(to + "/attention/linear_1", from + ".encoder_attn", {"k_proj", "v_proj"}, matrices, vectors);
        linear("/attention/linear_2", ".encoder_attn.out_proj");
    }
    norm("/ffn/layer_norm", ".final_layer_norm");
    linear("/ffn/linear_0", ".fc1");
    linear("/ffn/linear_1", ".fc2");
}

std::string openai_name(std::string name) {
    const std::pair<const char*, const char*> replacements[] = {
        {"model.decoder.embed_tokens.", "decoder.token_embedding."},
        {".embed_positions.weight", ".positional_embedding"},
        {"model.encoder.layer_norm.", "encoder.ln_post."},
        {"model.decoder.layer_norm.", "decoder.ln."},
        {".layers.", ".blocks."},
        {".self_attn_layer_norm.", ".attn_ln."},
        {".encoder_attn_layer_norm.", ".cross_attn_ln."},
        {".final_layer_norm.", ".mlp_ln."},
        {".self_attn.", ".attn."},
        {".encoder_attn.", ".cross_attn."},
        {".q_proj.", ".query."},
        {".k_proj.", ".key."},
        {".v_proj.", ".value."},
        {".out_proj.", ".out."},
        {".fc1.", ".mlp.0."},
        {".fc2.", ".mlp.2."},
        {"model.", ""}};
    for (const auto& [from, to] : replacements) {
        const size_t at = name.find(from);
        if (at != std::string::npos) name.replace(at, std::string(from).size(), to);
    }
    return name;
}

int ggml_type(Encoding encoding) {
    switch (encoding) {
        case Encoding::f32:
            return 0;
        case Encoding::f16:
            return 1;
        case Encoding::q4_0:
            return 2;
        case Encoding::q4_1:
            return 3;
        case Encoding::q5_0:
            return 6;
        case Encoding::q5_1:
            return 7;
        case Encoding::q8_0:
            return 8;
        case Encoding::bf16:
            return 30;
        default:
            throw Error(ErrorCode::internal, "not an encoding of ggml");
    }
}

void put_ggml_tensor(Bytes& file, const std::string& name, const TinyTensor& tensor, Encoding encoding) {
    const bool conv_bias = name.find(".conv") != std::string::npos && tensor.shape.size() == 1;
    const bool plain = tensor.shape.size() == 1 || name.find("positional") != std::string::npos;
    // Rows of 3 do not make blocks: convolutions stay in half precision, as whisper.cpp's quantizer leaves them.
    const bool blocks = encoding >= Encoding::q4_0;
    const Encoding own = plain ? Encoding::f32 : (blocks && tensor.shape.size() == 3 ? Encoding::f16 : encoding);
    Shape shape = tensor.shape;
    if (conv_bias) shape.push_back(1);
    file.number(static_cast<int32_t>(shape.size()));
    file.number(static_cast<int32_t>(name.size()));
    file.number(int32_t{ggml_type(own)});
    for (size_t i = shape.size(); i > 0; --i) file.number(static_cast<int32_t>(shape[i - 1]));
    file.content += name + encode_tensor(tensor.values, own, 1).bytes;
}

}  // namespace

void write_tiny_ctranslate2(const TinyCheckpoint& checkpoint, const fs::path& folder, Encoding encoding) {
    const Encoding vectors = encoding == Encoding::i8_rows ? Encoding::f32 : encoding;
    Ct2File file(checkpoint);
    for (const std::string side : {"encoder", "decoder"}) {
        const std::string source = "model." + side;
        file.copy(side + "/position_encodings/encodings", source + ".embed_positions.weight", vectors);
        file.copy(side + "/layer_norm/gamma", source + ".layer_norm.weight", vectors);
        file.copy(side + "/layer_norm/beta", source + ".layer_norm.bias", vectors);
        file.variable(side + "/num_heads", {}, 2,
                      std::string({static_cast<char>(checkpoint.config.encoder_heads), '\0'}));
        for (int i = 0; i < checkpoint.config.encoder_layers; ++i) put_layer(file, side, i, encoding, vectors);
    }
    for (const std::string conv : {"conv1", "conv2"}) {
        file.copy("encoder/" + conv + "/weight", "model.encoder." + conv + ".weight", encoding);
        file.copy("encoder/" + conv + "/bias", "model.encoder." + conv + ".bias", vectors);
    }
    file.copy("decoder/embeddings/weight", "model.decoder.embed_tokens.weight", encoding);
    fs::remove_all(folder);
    // Like the converter's files: the alias of a quantized matrix has no alias of its scales beside it.
    write_file_atomically(folder / "model.bin", file.finish("decoder/projection/weight", "decoder/embeddings/weight"));
    std::string lines;
    for (size_t id = 0; id < checkpoint.vocabulary.tokens.size(); ++id) {
        const std::string& token = checkpoint.vocabulary.tokens[id];
        lines += (static_cast<int32_t>(id) < checkpoint.vocabulary.first_special ? to_printable(token) : token) + "\n";
    }
    write_file_atomically(folder / "vocabulary.txt", lines);
    std::vector<int32_t> languages;
    for (const auto& [code, id] : checkpoint.generation.languages) languages.push_back(id);
    const nlohmann::json config = {{"suppress_ids", checkpoint.generation.suppress},
                                   {"suppress_ids_begin", checkpoint.generation.begin_suppress},
                                   {"alignment_heads", checkpoint.generation.alignment_heads},
                                   {"lang_ids", languages}};
    write_file_atomically(folder / "config.json", config.dump(1));
}

void write_tiny_ggml(const TinyCheckpoint& checkpoint, const fs::path& path, Encoding encoding) {
    const ModelConfig& config = checkpoint.config;
    Bytes file;
    file.number(uint32_t{0x67676d6c});
    for (const int value :
         {config.vocabulary, config.audio_positions, config.d_model, config.encoder_heads, config.encoder_layers,
          config.text_positions, config.d_model, config.decoder_heads, config.decoder_layers, config.n_mels, 1}) {
        file.number(int32_t{value});
    }
    file.number(int32_t{config.n_mels});
    file.number(int32_t{201});
    for (int i = 0; i < config.n_mels * 201; ++i) file.number(0.5F);
    file.number(checkpoint.vocabulary.first_special);
    for (int32_t id = 0; id < checkpoint.vocabulary.first_special; ++id) {
        const std::string& token = checkpoint.vocabulary.tokens[static_cast<size_t>(id)];
        file.number(static_cast<uint32_t>(token.size()));
        file.content += token;
    }
    for (const auto& [name, tensor] : checkpoint.tensors) put_ggml_tensor(file, openai_name(name), tensor, encoding);
    write_file_atomically(path, file.content);
}

}  // namespace ft
