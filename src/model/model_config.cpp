#include "model/model_config.h"

#include "base/error.h"
#include "model/json_reading.h"

namespace ft {

namespace {

using nlohmann::json;

struct Limit {
    const char* key;
    int ModelConfig::*field;
    int lowest, highest;
};

// A few times the largest Whisper (large-v3: 1280 wide, 32 layers), so that a damaged number is an error and not an
// attempt to allocate a terabyte.
constexpr Limit limits[] = {
    {"num_mel_bins", &ModelConfig::n_mels, 1, 512},
    {"d_model", &ModelConfig::d_model, 64, 8192},
    {"encoder_layers", &ModelConfig::encoder_layers, 1, 128},
    {"decoder_layers", &ModelConfig::decoder_layers, 1, 128},
    {"encoder_attention_heads", &ModelConfig::encoder_heads, 1, 128},
    {"decoder_attention_heads", &ModelConfig::decoder_heads, 1, 128},
    {"encoder_ffn_dim", &ModelConfig::encoder_ffn, 1, 65536},
    {"decoder_ffn_dim", &ModelConfig::decoder_ffn, 1, 65536},
    {"vocab_size", &ModelConfig::vocabulary, 257, 1 << 20},
    {"max_source_positions", &ModelConfig::audio_positions, 1, 65536},
    {"max_target_positions", &ModelConfig::text_positions, 1, 65536},
};

void check_family(const json& object, const std::string& where) {
    if (const json* type = find_member(object, "model_type"); type != nullptr && *type != "whisper") {
        throw Error(ErrorCode::unsupported, "{}: describes a model of type {}, but only \"whisper\" can be run", where,
                    type->is_string() ? type->get<std::string>() : "?");
    }
    if (const json* activation = find_member(object, "activation_function");
        activation != nullptr && *activation != "gelu") {
        throw Error(ErrorCode::unsupported, "{}: the activation function is not \"gelu\", the only one supported",
                    where);
    }
    if (const json* scaled = find_member(object, "scale_embedding"); scaled != nullptr && *scaled == true) {
        throw Error(ErrorCode::unsupported, "{}: scaled embeddings (\"scale_embedding\": true) are not supported",
                    where);
    }
}

}  // namespace

void check_model_config(const ModelConfig& config, const std::string& where) {
    for (const Limit& limit : limits) {
        const int value = config.*limit.field;
        if (value < limit.lowest || value > limit.highest) {
            throw Error(ErrorCode::bad_model, "{}: {} is {}, outside {} to {}; the file is damaged or no Whisper model",
                        where, limit.key, value, limit.lowest, limit.highest);
        }
    }
    for (const int heads : {config.encoder_heads, config.decoder_heads}) {
        if (heads * 64 != config.d_model) {
            throw Error(ErrorCode::unsupported,
                        "{}: {} attention heads in {} dimensions; only heads of 64 (every Whisper's) are supported",
                        where, heads, config.d_model);
        }
    }
}

ModelConfig parse_hf_config(std::string_view text, const std::string& where) {
    const json object = parse_json_object(text, where);
    check_family(object, where);
    ModelConfig config;
    for (const Limit& limit : limits) {
        config.*limit.field = required_integer(object, limit.key, limit.lowest, limit.highest, where);
    }
    check_model_config(config, where);
    return config;
}

}  // namespace ft
