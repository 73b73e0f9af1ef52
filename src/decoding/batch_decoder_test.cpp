#include "decoding/batch_decoder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "base/error.h"
#include "model/encoder.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

/// A small random Whisper: it talks nonsense, but always the same.
class TinyWhisper : public testing::Test {
  protected:
    void SetUp() override {
        const fs::path folder = fs::path(testing::TempDir()) / ("batch_decoder_" + std::to_string(::getpid()));
        write_tiny_folder(make_tiny_checkpoint(), folder);
        backend_ = make_backend({"cpu", Precision::float32, 2, ""});
        write_packed_model(*open_model_source(folder), *backend_, folder / "packed");
        model_ =
            std::make_unique<WhisperModel>(PackedModel::open(folder / "packed", backend_->info().packing), *backend_);
        fs::remove_all(folder);
        tokenizer_ = std::make_unique<Tokenizer>(model_->packed().vocabulary());
    }

    std::unique_ptr<CrossCache> window(int64_t id) {
        Encoder encoder(*model_, *backend_);
        std::vector<float> mel(static_cast<size_t>(model_->config().n_mels) * 2 *
                               static_cast<size_t>(model_->config().audio_positions));
        uint32_t random = static_cast<uint32_t>(id) * 977 + 3;
        for (float& value : mel) {
            random = random * 1664525U + 1013904223U;
            value = static_cast<float>(random >> 16) / 32768.0F - 1.0F;
        }
        return encoder.encode_for_decoder(mel);
    }

    DecodeRequest request(int64_t id) {
        const GenerationConfig& special = model_->packed().generation();
        return {id, window(id), {special.start_of_transcript, special.languages.begin()->second, special.transcribe}};
    }

    std::map<int64_t, Hypothesis> decode(int windows, int slots, const FallbackOptions& options, uint64_t seed = 7) {
        RuleOptions rules;
        BatchDecoder decoder(*model_, *backend_, *tokenizer_,
                             LogitsRules(model_->packed().generation(), model_->config().vocabulary, rules), options,
                             slots, seed);
        std::map<int64_t, Hypothesis> done;
        std::vector<DecodeResult> results;
        for (int64_t next = 0; next < windows || !decoder.idle();) {
            while (next < windows && decoder.has_free_slot()) decoder.add(request(next++));
            decoder.step(results);
            for (DecodeResult& result : results) done.emplace(result.id, std::move(result.hypothesis));
            results.clear();
        }
        return done;
    }

    std::unique_ptr<Backend> backend_;
    std::unique_ptr<WhisperModel> model_;
    std::unique_ptr<Tokenizer> tokenizer_;
};

/// No hypothesis of a random model is believed: every window climbs the whole ladder.
FallbackOptions strict() {
    FallbackOptions options;
    options.temperatures = {0.0F, 0.5F, 1.0F};
    options.logprob_threshold = 0.0F;
    options.no_speech_threshold = 2.0F;
    return options;
}

TEST_F(TinyWhisper, TheBatchSizeChangesNothing) {
    const auto alone = decode(5, 1, strict());
    ASSERT_EQ(alone.size(), 5u);
    for (const int slots : {2, 5}) {
        const auto together = decode(5, slots, strict());
        for (const auto& [id, hypothesis] : alone) {
            EXPECT_EQ(together.at(id).tokens, hypothesis.tokens) << "window " << id << " with " << slots << " slots";
            EXPECT_EQ(together.at(id).avg_logprob, hypothesis.avg_logprob);
            EXPECT_EQ(together.at(id).temperature, hypothesis.temperature);
        }
    }
}

TEST_F(TinyWhisper, TheSeedDecidesWhatIsSampled) {
    FallbackOptions sampled = strict();
    sampled.temperatures = {1.0F};
    const auto first = decode(3, 3, sampled, 1), again = decode(3, 2, sampled, 1), other = decode(3, 3, sampled, 2);
    bool differs = false;
    for (const auto& [id, hypothesis] : first) {
        EXPECT_EQ(again.at(id).tokens, hypothesis.tokens);
        differs = differs || other.at(id).tokens != hypothesis.tokens;
    }
    EXPECT_TRUE(differs);
}

TEST_F(TinyWhisper, EveryTemperatureIsTriedAndTheBestIsKept) {
    const auto all = decode(3, 2, strict());
    for (const auto& [id, hypothesis] : all) EXPECT_EQ(hypothesis.attempts, 3) << "window " << id;
    FallbackOptions content = strict();
    content.logprob_threshold = -1000.0F;
    content.compression_ratio_threshold = 1000.0F;
    for (const auto& [id, hypothesis] : decode(3, 2, content)) {
        // A random model likes to repeat itself: that alone may send it up the ladder.
        EXPECT_TRUE(hypothesis.attempts == 1 ? hypothesis.temperature == 0.0F : hypothesis.attempts <= 3);
        EXPECT_FALSE(hypothesis.attempts < 3 && hypothesis.looped)
            << "a loop is not accepted while temperatures are left";
    }
    content.temperatures = {0.9F};
    for (const auto& [id, hypothesis] : decode(3, 2, content)) EXPECT_EQ(hypothesis.attempts, 1) << "window " << id;
}

TEST_F(TinyWhisper, RefusesAPromptWithoutRoomForText) {
    BatchDecoder decoder(*model_, *backend_, *tokenizer_,
                         LogitsRules(model_->packed().generation(), model_->config().vocabulary, {}), {}, 1, 0);
    DecodeRequest too_long = request(0);
    too_long.prompt.resize(static_cast<size_t>(model_->config().text_positions), too_long.prompt[0]);
    EXPECT_THROW(decoder.add(std::move(too_long)), Error);
    EXPECT_TRUE(decoder.idle());
}

TEST_F(TinyWhisper, LanguageProbabilitiesSumToOne) {
    BatchDecoder decoder(*model_, *backend_, *tokenizer_,
                         LogitsRules(model_->packed().generation(), model_->config().vocabulary, {}), {}, 1, 0);
    const auto probabilities = decoder.language_probabilities(*window(0));
    ASSERT_EQ(probabilities.size(), model_->packed().generation().languages.size());
    float total = 0.0F;
    for (const float value : probabilities) total += value;
    EXPECT_NEAR(total, 1.0F, 1e-5F);
}

}  // namespace
}  // namespace ft
