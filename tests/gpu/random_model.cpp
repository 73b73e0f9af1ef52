// Writes a Whisper with random weights in kb-whisper-small's shape as a Hugging Face folder, for speed and parity
// alone.
//     gpu_random_model [--tokens N] [--width D] [--layers N] [--seed N] FOLDER
// Every window's text has N tokens (default 110) in every engine, as the length is in the weights, as in
// bench/compare/random_model.py: from position N on, the positional embedding points along the end token's embedding,
// before it the other way and along a word's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "model/generation_config.h"
#include "model/packed_model.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

constexpr int vocabulary = 51865, first_word = 1000, prompt = 4;

struct Settings {
    int tokens = 110, width = 768, layers = 12;
    uint32_t seed = 1;
    std::string folder;
};

/// The tiny model's bytes, merges and special tokens, with words between them so that there are as many as in reality.
void fill_vocabulary(TinyCheckpoint& checkpoint) {
    Vocabulary& words = checkpoint.vocabulary;
    const int missing = vocabulary - static_cast<int>(words.tokens.size());
    std::vector<std::string> made;
    for (int i = 0; i < missing; ++i) made.push_back(fmt::format(" ord{}", i));
    words.tokens.insert(words.tokens.begin() + words.first_special, made.begin(), made.end());
    words.first_special += missing;
}

/// Sums of four uniform numbers: near enough to normal, and made fast.
void fill_normal(std::vector<float>& values, float deviation, uint32_t seed) {
    uint64_t state = (seed + 1) * 0x9E3779B97F4A7C15U;
    for (float& value : values) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const uint64_t bits = state ^ state >> 29;
        const auto part = [&](int shift) { return static_cast<float>(bits >> shift & 0x7FFF); };
        // Four numbers below 2^15: mean 2·32767, deviation 32768/√3.
        value = (part(0) + part(16) + part(32) + part(48) - 65534.0F) * (deviation / 18918.6F);
    }
}

std::vector<float> sinusoids(int64_t length, int64_t channels) {
    std::vector<float> values(static_cast<size_t>(length * channels));
    const int64_t half = channels / 2;
    for (int64_t i = 0; i < length; ++i) {
        for (int64_t j = 0; j < half; ++j) {
            const double angle = static_cast<double>(i) *
                                 std::exp(-std::log(10000.0) * static_cast<double>(j) / static_cast<double>(half - 1));
            values[static_cast<size_t>(i * channels + j)] = static_cast<float>(std::sin(angle));
            values[static_cast<size_t>(i * channels + j + half)] = static_cast<float>(std::cos(angle));
        }
    }
    return values;
}

/// A position's embedding decides whether the text ends there, and else which word comes.
void set_length(TinyCheckpoint& checkpoint, int tokens) {
    const auto width = static_cast<size_t>(checkpoint.config.d_model);
    std::vector<float>& words = checkpoint.tensors.at("model.decoder.embed_tokens.weight").values;
    TinyTensor& positions = checkpoint.tensors.at("model.decoder.embed_positions.weight");
    const auto end = static_cast<size_t>(checkpoint.generation.end_of_text) * width;
    for (size_t i = 0; i < width; ++i) words[end + i] = i % 2 == 0 ? 1.0F : -1.0F;  // no mean for LayerNorm to take
    const auto last = static_cast<size_t>(prompt + tokens - 1);
    for (size_t at = 0; at < static_cast<size_t>(positions.shape[0]); ++at) {
        const float* word = words.data() + (first_word + 37 * std::min(at, last)) * width;
        double square = 0;
        for (size_t i = 0; i < width; ++i) square += double{word[i]} * word[i];
        const auto factor = static_cast<float>(5.0 * std::sqrt(static_cast<double>(width) / square));
        for (size_t i = 0; i < width; ++i) {
            float& value = positions.values[at * width + i];
            const float towards_end = 10.0F * words[end + i];
            value = at >= last ? towards_end : value - towards_end + factor * word[i];
        }
    }
}

void fill_tensors(TinyCheckpoint& checkpoint, uint32_t seed) {
    for (const WeightSpec& spec : weight_specs(checkpoint.config)) {
        Shape part = spec.shape;
        part[0] /= static_cast<int64_t>(spec.weights.size());
        for (const std::string& name : spec.weights) {
            TinyTensor& tensor = checkpoint.tensors[name];
            tensor = {part, std::vector<float>(static_cast<size_t>(element_count(part)), 1.0F)};
            if (spec.kind != WeightKind::norm) fill_normal(tensor.values, 0.02F, ++seed);
            if (name == "model.encoder.embed_positions.weight") tensor.values = sinusoids(part[0], part[1]);
        }
        for (const std::string& name : spec.biases) {
            if (!name.empty()) checkpoint.tensors[name] = {{part[0]}, std::vector<float>(static_cast<size_t>(part[0]))};
        }
    }
}

/// As other programs look for them.
void name_special_tokens(const GenerationConfig& special, const std::filesystem::path& folder) {
    const auto extend = [&](const char* name, const nlohmann::json& more) {
        nlohmann::json content = nlohmann::json::parse(read_file(folder / name));
        content.update(more);
        write_file_atomically(folder / name, content.dump(1));
    };
    nlohmann::json ends{{"bos_token_id", special.end_of_text},
                        {"eos_token_id", special.end_of_text},
                        {"pad_token_id", special.end_of_text},
                        {"decoder_start_token_id", special.start_of_transcript}};
    extend("config.json", ends);
    ends["no_timestamps_token_id"] = special.no_timestamps;
    ends["task_to_id"] = {{"transcribe", special.transcribe}, {"translate", special.translate}};
    extend("generation_config.json", ends);
}

void write(const Settings& settings) {
    TinyOptions options;
    options.d_model = 64;
    options.layers = 1;
    TinyCheckpoint checkpoint = make_tiny_checkpoint(options);
    fill_vocabulary(checkpoint);
    ModelConfig& config = checkpoint.config;
    config.d_model = settings.width;
    config.encoder_layers = config.decoder_layers = settings.layers;
    config.encoder_heads = config.decoder_heads = settings.width / 64;
    config.encoder_ffn = config.decoder_ffn = 4 * settings.width;
    config.vocabulary = vocabulary;
    checkpoint.generation = derive_generation(config, checkpoint.vocabulary, "random model");
    checkpoint.tensors.clear();
    fill_tensors(checkpoint, settings.seed);
    set_length(checkpoint, settings.tokens);
    write_tiny_folder(checkpoint, settings.folder);
    name_special_tokens(checkpoint.generation, settings.folder);
}

Settings read_arguments(int count, char** arguments) {
    Settings settings;
    for (int i = 1; i < count; ++i) {
        const std::string flag = arguments[i];
        if (flag.rfind("--", 0) != 0 && settings.folder.empty()) {
            settings.folder = flag;
            continue;
        }
        char* end = nullptr;
        const std::string text = i + 1 < count ? arguments[++i] : "";
        const long number = std::strtol(text.c_str(), &end, 10);
        const auto take = [&](auto& target, long least, long most) {
            if (text.empty() || *end != '\0' || number < least || number > most)
                throw Error(ErrorCode::invalid_argument, "{} must be {} to {}, not '{}'", flag, least, most, text);
            target = static_cast<std::decay_t<decltype(target)>>(number);
        };
        if (flag == "--tokens") {
            take(settings.tokens, 1, 440);
        } else if (flag == "--width") {
            take(settings.width, 64, 1280);
        } else if (flag == "--layers") {
            take(settings.layers, 1, 32);
        } else if (flag == "--seed") {
            take(settings.seed, 0, 1000000);
        } else {
            throw Error(ErrorCode::invalid_argument, "{}: no such flag; see the top of random_model.cpp", flag);
        }
    }
    if (settings.folder.empty() || settings.width % 64 != 0)
        throw Error(ErrorCode::invalid_argument, "give a FOLDER, and a width that is a multiple of 64");
    return settings;
}

}  // namespace
}  // namespace ft

int main(int count, char** arguments) {
    try {
        ft::write(ft::read_arguments(count, arguments));
        return 0;
    } catch (const ft::Error& error) {
        fmt::print(stderr, "gpu_random_model: {}\n", error.what());
        return error.code() == ft::ErrorCode::invalid_argument ? 2 : 1;
    }
}
