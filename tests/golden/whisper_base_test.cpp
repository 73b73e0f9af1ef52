#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "audio/audio_reader.h"
#include "base/file.h"
#include "features/log_mel.h"
#include "folders.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "synthetic_input.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path audio_folder = source / ".." / "shared" / "audio" / "mworld";

json golden_file(const char* name) {
    return json::parse(read_file(source / "tests" / "golden" / name));
}

/// whisper-base in float32, packed once for all tests of this program.
class WhisperBase : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        if (!fs::exists(model_folder / "model.bin")) return;
        backend = make_backend({"cpu", Precision::float32, 0, ""});
        const fs::path packed = fs::path(testing::TempDir()) / "golden-whisper-base.ftm";
        write_packed_model(*open_model_source(model_folder), backend->packer(), packed);
        model = std::make_unique<WhisperModel>(PackedModel::open(packed, backend->packer().packing(), true), *backend);
        fs::remove(packed);  // it stays mapped
    }
    static void TearDownTestSuite() {
        model.reset();
        backend.reset();
    }
    void SetUp() override {
        if (!model) GTEST_SKIP() << "whisper-base is not in build/models: test.sh puts it there";
    }
    static std::unique_ptr<Backend> backend;
    static std::unique_ptr<WhisperModel> model;
};
std::unique_ptr<Backend> WhisperBase::backend;
std::unique_ptr<WhisperModel> WhisperBase::model;

/// Infinite when a value is no number, or one is missing.
float largest_difference(const std::vector<float>& ours, const json& theirs) {
    constexpr float infinite = std::numeric_limits<float>::infinity();
    if (ours.size() != theirs.size()) return infinite;
    float largest = 0.0F;
    for (size_t i = 0; i < ours.size(); ++i) {
        if (!std::isfinite(ours[i])) return infinite;
        largest = std::max(largest, std::fabs(ours[i] - theirs[i].get<float>()));
    }
    return largest;
}

/// What transformers computed at the places that the golden file samples, against ours from this log-mel.
void expect_parity(const WhisperModel& model, Backend& backend, const std::vector<float>& mel, const json& expected) {
    Encoder encoder(model, backend);
    const std::vector<float> encoded = backend.read(encoder.encode(mel));
    std::vector<float> chosen;
    for (const int position : expected["encoder_positions"]) {
        const auto row = encoded.begin() + position * model.config().d_model;
        chosen.insert(chosen.end(), row, row + model.config().d_model);
    }
    const float encoder_difference = largest_difference(chosen, expected["encoder"]);

    const std::unique_ptr<CrossCache> window = encoder.encode_for_decoder(mel);
    Decoder decoder(model, backend, 1);
    std::vector<DecoderInput> inputs;
    std::vector<int32_t> items;
    for (const int32_t token : expected["prompt"]) {
        items.push_back(static_cast<int32_t>(inputs.size()));
        inputs.push_back({token, items.back(), 0, window.get()});
    }
    decoder.step(inputs);
    const std::vector<float> logits = decoder.logits(items);
    chosen.clear();
    for (const int32_t item : items) {
        for (const int32_t token : expected["logit_tokens"])
            chosen.push_back(logits[static_cast<size_t>(item * model.config().vocabulary + token)]);
    }
    const float logit_difference = largest_difference(chosen, expected["logits"]);
    testing::Test::RecordProperty("encoder_max_abs_difference", std::to_string(encoder_difference));
    testing::Test::RecordProperty("logits_max_abs_difference", std::to_string(logit_difference));
    std::printf("largest difference from transformers: encoder %.2e, logits %.2e\n", encoder_difference,
                logit_difference);
    EXPECT_LE(encoder_difference, 1e-3F);
    EXPECT_LE(logit_difference, 1e-3F);
}

TEST_F(WhisperBase, EncoderAndDecoderEqualTransformersOnTheSameFeatures) {
    const json expected = golden_file("whisper_base_features.json");
    const std::vector<float> mel = golden::synthetic_features();
    ASSERT_EQ(golden::checksum(mel, 2048), expected["features_checksum"].get<uint32_t>())
        << "the features themselves differ";
    expect_parity(*model, *backend, mel, expected);
}

TEST_F(WhisperBase, EncoderAndDecoderEqualTransformersFromTheSignalOn) {
    const json expected = golden_file("whisper_base.json");
    const std::vector<float> samples = golden::synthetic_signal();
    ASSERT_EQ(golden::checksum(samples, 32768), expected["signal_checksum"].get<uint32_t>())
        << "the signal itself differs";
    expect_parity(*model, *backend, LogMel(model->config().n_mels).compute(samples), expected);
}

std::vector<uint64_t> bits_of(const std::vector<int32_t>& tokens, int vocabulary, std::vector<uint64_t> bits = {}) {
    bits.resize((static_cast<size_t>(vocabulary) + 63) / 64);
    for (const int32_t token : tokens) bits[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
    return bits;
}

TEST_F(WhisperBase, GreedyTokensEqualTransformersOnRealSwedish) {
    if (!fs::exists(audio_folder))
        GTEST_SKIP() << "no ../shared/audio beside the project; the synthetic signal above is tested everywhere";
    const json expected = golden_file("whisper_base_greedy.json");
    const GenerationConfig& special = model->packed().generation();
    const auto later = bits_of(special.suppress, model->config().vocabulary);
    const auto first = bits_of(special.begin_suppress, model->config().vocabulary, later);
    Encoder encoder(*model, *backend);
    Decoder decoder(*model, *backend, 1);
    const LogMel log_mel(model->config().n_mels);
    for (const auto& [file, windows] : expected["files"].items()) {
        const std::vector<float> pcm = read_all(*AudioReader::open((audio_folder / file).string()));
        for (size_t w = 0; w < windows.size(); ++w) {
            const size_t begin = w * window_samples;
            const auto part = std::span(pcm).subspan(begin, std::min<size_t>(window_samples, pcm.size() - begin));
            const std::unique_ptr<CrossCache> window = encoder.encode_for_decoder(log_mel.compute(part));
            std::vector<DecoderInput> inputs;
            for (const int32_t token : expected["prompt"])
                inputs.push_back({token, static_cast<int32_t>(inputs.size()), 0, window.get()});
            std::vector<int32_t> tokens;
            while (tokens.size() < expected["max_tokens"].get<size_t>()) {
                decoder.step(inputs);
                const auto item = static_cast<int32_t>(inputs.size()) - 1;
                TokenRule rule;
                rule.suppressed = tokens.empty() ? &first : &later;
                const int32_t token = decoder.choose({&item, 1}, {&rule, 1})[0].best.token;
                if (token == special.end_of_text) break;
                tokens.push_back(token);
                inputs = {{token, inputs.back().position + 1, 0, window.get()}};
            }
            EXPECT_EQ(tokens, windows[w]["tokens"].get<std::vector<int32_t>>()) << file << ", window " << w;
        }
    }
}

}  // namespace
}  // namespace ft
