#include "model/testing/tiny_checkpoint.h"

#include <cmath>

#include "model/generation_config.h"
#include "model/packed_model.h"
#include "model/vocabulary.h"

namespace ft {

namespace {

/// SplitMix64 (Steele et al. 2014): the standard library's distributions differ between its implementations.
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    /// Uniform in [−1, 1).
    float next() {
        uint64_t z = (state_ += 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return static_cast<float>(static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1.0);
    }

  private:
    uint64_t state_;
};

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Gains near one, small biases, and matrices that keep the size of what they multiply.
TinyTensor random_tensor(const Shape& shape, bool gain, Random& random) {
    TinyTensor tensor{shape, std::vector<float>(static_cast<size_t>(element_count(shape)))};
    int64_t inputs = 1;
    for (size_t axis = 1; axis < shape.size(); ++axis) inputs *= shape[axis];
    const float scale = shape.size() == 1 ? 0.1F : 1.5F / std::sqrt(static_cast<float>(inputs));
    for (float& value : tensor.values) value = f16_to_f32(f32_to_f16((gain ? 1.0F : 0.0F) + scale * random.next()));
    return tensor;
}

/// Encoder positions as Whisper defines them: sines then cosines of geometrically spaced wavelengths up to 10,000.
TinyTensor sinusoids(int64_t length, int64_t channels) {
    TinyTensor tensor{{length, channels}, std::vector<float>(static_cast<size_t>(length * channels))};
    const int64_t half = channels / 2;
    for (int64_t i = 0; i < length; ++i) {
        for (int64_t j = 0; j < half; ++j) {
            const double angle = static_cast<double>(i) *
                                 std::exp(-std::log(10000.0) * static_cast<double>(j) / static_cast<double>(half - 1));
            const auto at = static_cast<size_t>(i * channels + j);
            tensor.values[at] = f16_to_f32(f32_to_f16(static_cast<float>(std::sin(angle))));
            tensor.values[at + static_cast<size_t>(half)] = f16_to_f32(f32_to_f16(static_cast<float>(std::cos(angle))));
        }
    }
    return tensor;
}

std::map<std::string, TinyTensor> random_tensors(const ModelConfig& config, uint64_t seed) {
    std::map<std::string, TinyTensor> tensors;
    Random random(seed);
    for (const WeightSpec& spec : weight_specs(config)) {
        Shape part = spec.shape;
        part[0] /= static_cast<int64_t>(spec.weights.size());
        for (const std::string& name : spec.weights)
            tensors[name] = random_tensor(part, spec.kind == WeightKind::norm, random);
        for (const std::string& name : spec.biases) {
            if (!name.empty()) tensors[name] = random_tensor({part[0]}, false, random);
        }
        if (ends_with(spec.name, "encoder.positions"))
            tensors[spec.weights[0]] = sinusoids(spec.shape[0], spec.shape[1]);
    }
    return tensors;
}

std::vector<std::pair<std::string, std::string>> some_merges() {
    return {{" ", "d"},       {"e", "n"},       {"e", "r"},       {" d", "e"},       {" de", "t"},       {" ", "a"},
            {"\xC3", "\xA5"}, {"\xC3", "\xA4"}, {"\xC3", "\xB6"}, {"t", "h"},        {" ", "h"},         {" h", "e"},
            {" ", "-"},       {" ", "'"},       {" ", "("},       {"1", "2"},        {"o", "c"},         {"oc", "h"},
            {" ", "och"},     {"a", "n"},       {" a", "n"},      {"\xC3\xA4", "r"}, {" ", "\xC3\xA4r"}, {"i", "n"},
            {"in", "g"},      {" ", "s"},       {" s", "k"},      {" ", "\xE2"},     {"\xE2", "\x99"}};
}

/// Bytes in GPT-2's order (printable ones first), merges, then OpenAI's special tokens and timestamps.
Vocabulary tiny_vocabulary(const std::vector<std::pair<std::string, std::string>>& merges) {
    Vocabulary vocabulary;
    std::vector<std::string>& tokens = vocabulary.tokens;
    std::vector<std::string> others;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string token(1, static_cast<char>(byte));
        const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        (printable ? tokens : others).push_back(token);
    }
    tokens.insert(tokens.end(), others.begin(), others.end());
    for (const auto& [left, right] : merges) tokens.push_back(left + right);
    vocabulary.first_special = static_cast<int32_t>(tokens.size());
    tokens.insert(tokens.end(), {"<|endoftext|>", "<|startoftranscript|>"});
    for (const std::string& language : whisper_languages()) tokens.push_back("<|" + language + "|>");
    tokens.insert(tokens.end(), {"<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>",
                                 "<|notimestamps|>"});
    for (int i = 0; i <= 1500; ++i) tokens.push_back(timestamp_name(i));
    return vocabulary;
}

}  // namespace

TinyCheckpoint make_tiny_checkpoint(const TinyOptions& options) {
    TinyCheckpoint checkpoint;
    checkpoint.merges = some_merges();
    checkpoint.vocabulary = tiny_vocabulary(checkpoint.merges);
    ModelConfig& config = checkpoint.config;
    config.n_mels = options.n_mels;
    config.d_model = options.d_model;
    config.encoder_layers = config.decoder_layers = options.layers;
    config.encoder_heads = config.decoder_heads = options.d_model / 64;
    config.encoder_ffn = config.decoder_ffn = 4 * options.d_model;
    config.vocabulary = static_cast<int>(checkpoint.vocabulary.tokens.size());
    checkpoint.generation = derive_generation(config, checkpoint.vocabulary, "tiny checkpoint");
    checkpoint.tensors = random_tensors(config, options.seed);
    return checkpoint;
}

void shorten_texts(TinyCheckpoint& tiny, int positions) {
    TinyTensor& table = tiny.tensors.at("model.decoder.embed_positions.weight");
    table.values.resize(table.values.size() / static_cast<size_t>(table.shape[0]) * static_cast<size_t>(positions));
    table.shape[0] = positions;
    tiny.config.text_positions = positions;
}

std::vector<float> random_log_mel(const ModelConfig& config, uint32_t seed) {
    std::vector<float> mel(static_cast<size_t>(config.n_mels) * 2 * static_cast<size_t>(config.audio_positions));
    Random random(seed);
    for (float& value : mel) value = random.next();
    return mel;
}

}  // namespace ft
