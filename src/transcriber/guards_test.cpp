// Each guard of docs/trust.md, set off by sound that goes through the whole of the transcriber. The model is a small
// one that hears nothing and says what it is told to, so that what a large one does now and then happens every time.
#include <gtest/gtest.h>

#include <cmath>

#include "audio/testing/test_audio.h"
#include "base/testing/temporary_folder.h"
#include "decoding/tokenizer.h"
#include "model/packed_model.h"
#include "model/testing/tiny_checkpoint.h"
#include "transcriber/transcriber.h"

namespace ft {
namespace {

/// Text, and times in seconds.
struct Part {
    double time_s = -1.0;
    std::string text = {};
};
using Script = std::vector<Part>;

/// What a decoder position says: its own place decides, not what was heard.
class ScriptedModel {
  public:
    ScriptedModel() : tiny_(make_tiny_checkpoint({.d_model = 64, .layers = 1})), tokenizer_(tiny_.vocabulary) {
        for (auto& [name, tensor] : tiny_.tensors) {
            const bool listens = name.find("decoder.layers.0") != std::string::npos &&
                                 (name.find("out_proj") != std::string::npos || name.find("fc2") != std::string::npos);
            if (listens) std::fill(tensor.values.begin(), tensor.values.end(), 0.0F);
        }
        std::vector<float>& gains = tiny_.tensors.at("model.decoder.layer_norm.weight").values;
        std::fill(gains.begin(), gains.end(), 4.0F);
        std::vector<float>& biases = tiny_.tensors.at("model.decoder.layer_norm.bias").values;
        std::fill(biases.begin(), biases.end(), 0.0F);
        for (int position = 0; position < tiny_.config.text_positions; ++position)
            say_at(position, tiny_.generation.end_of_text);
    }

    /// After `prompt` (as --initial_prompt has it), or without one.
    void say(const Script& script, const std::string& prompt = "") {
        // The language and the task come before the first word, and a prompt before them.
        auto position = static_cast<int>(prompt.empty() ? 2 : 3 + tokenizer_.encode(" " + prompt).size());
        for (const Part& part : script) {
            if (part.time_s >= 0) {
                say_at(position++,
                       tiny_.generation.timestamp_begin + static_cast<int32_t>(std::lround(part.time_s * 50)));
            }
            if (part.text.empty()) continue;
            for (const int32_t token : tokenizer_.encode(part.text)) say_at(position++, token);
        }
    }
    void say_silence() {
        say_at(2, tiny_.generation.timestamp_begin);
        say_at(3, tiny_.generation.no_speech);
    }
    void doubt_speech() { say_at(0, tiny_.generation.no_speech); }

    std::unique_ptr<Transcriber> load(const std::filesystem::path& folder) const {
        write_tiny_folder(tiny_, folder / "model");
        auto backend = make_backend({"cpu", Precision::float32, 2, ""});
        write_packed_model(*open_model_source(folder / "model"), backend->packer(), folder / "packed");
        return std::make_unique<Transcriber>(folder / "packed", std::move(backend), 4, 2);
    }

  private:
    void say_at(int position, int32_t token) {
        const std::vector<float>& words = tiny_.tensors.at("model.decoder.embed_tokens.weight").values;
        std::vector<float>& places = tiny_.tensors.at("model.decoder.embed_positions.weight").values;
        for (size_t i = 0; i < 64; ++i)
            places[static_cast<size_t>(position) * 64 + i] = 20 * words[static_cast<size_t>(token) * 64 + i];
    }

    TinyCheckpoint tiny_;
    Tokenizer tokenizer_;
};

class GuardsTest : public testing::Test {
  protected:
    /// Somebody speaks (to a detector by level) from the first to the last second, without a pause.
    static std::string voice(double seconds) {
        return test::wav(16000, 1, test::pcm_s16(16000, 1, seconds, [](int, double t) {
                             return 0.3 * std::sin(6.283 * 180 * t + std::sin(37 * t)) *
                                    std::max(0.0, std::sin(6.283 * 2 * t) + 0.6);
                         }));
    }

    Transcript transcribe(double seconds = 25.0) {
        const test::TemporaryFolder folder;
        return model_.load(folder.path())->transcribe(folder.write("a.wav", voice(seconds)), options_);
    }

    static std::vector<std::string> reasons(const Transcript& transcript) {
        std::vector<std::string> all;
        for (const Coverage::Repair& repair : transcript.coverage.repaired) all.push_back(repair.reason);
        return all;
    }

    using Strings = std::vector<std::string>;
    ScriptedModel model_;
    TranscribeOptions options_;  // as they are by default
};

constexpr const char* sentence = " Det var en gång en gumma som bodde i en liten stuga vid skogen och hon var glad";

TEST_F(GuardsTest, GoodTextIsLeftAlone) {
    model_.say({{0.0, sentence}, {24.0}});
    const Transcript found = transcribe();
    EXPECT_EQ(found.text(), sentence + 1);
    EXPECT_TRUE(found.coverage.repaired.empty()) << reasons(found)[0];
    EXPECT_TRUE(found.coverage.dropped.empty());
    EXPECT_GT(found.coverage.share(), 0.95);
}

TEST_F(GuardsTest, AnInventionInPlaceOfSpeechIsReadAgainAndLeftOut) {
    model_.say({{0.0, " Svensktextning.nu"}, {24.0}});
    const Transcript found = transcribe();
    EXPECT_EQ(found.text(), "");
    EXPECT_EQ(reasons(found), (Strings{"few words"}));
    ASSERT_EQ(found.coverage.dropped.size(), 1U);
    EXPECT_EQ(found.coverage.dropped[0].text, "Svensktextning.nu");
    EXPECT_EQ(found.coverage.dropped[0].reason, "invented phrase, far too short for its time");
    EXPECT_LT(found.coverage.share(), 0.1);
    options_.drop_inventions = options_.repair = false;
    EXPECT_EQ(transcribe().text(), "Svensktextning.nu") << "without the guards";
}

TEST_F(GuardsTest, InventionsGoOnlyAsWholeSegmentsAndWithEvidence) {
    model_.doubt_speech();
    model_.say({{0.0, " Tack för att du tittade"}, {2.0}});
    EXPECT_EQ(transcribe(2.5).text(), "") << "the model hears no speech";
    model_.say({{0.0, " Tack för att du tittade efter min häst"}, {2.0}});
    EXPECT_EQ(transcribe(2.5).text(), "Tack för att du tittade efter min häst");
}

TEST_F(GuardsTest, WhatInventionsSayIsAlsoSaid) {
    model_.say({{0.0, " Tack för att du tittade"}, {2.0}});
    EXPECT_EQ(transcribe(2.5).text(), "Tack för att du tittade") << "somebody speaks, and nothing is said against it";
}

TEST_F(GuardsTest, ALoopIsReadAgain) {
    std::string loop;
    for (int i = 0; i < 30; ++i) loop += " den den";
    model_.say({{0.0, loop}, {24.0}});
    options_.decode.temperatures = {0.0F};
    EXPECT_EQ(reasons(transcribe()), (Strings{"loop"}));
}

TEST_F(GuardsTest, TextThatPassesNoCheckIsSilenceWhereTheModelHearsNone) {
    std::string loop;
    for (int i = 0; i < 30; ++i) loop += " den den";
    model_.say({{0.0, loop}, {24.0}});
    EXPECT_NE(transcribe().text(), "") << "what is said over and over stays";
    model_.doubt_speech();
    const Transcript found = transcribe();
    EXPECT_EQ(found.text(), "");
    EXPECT_EQ(reasons(found), (Strings{"silent"}));
    ASSERT_FALSE(found.coverage.dropped.empty());
    EXPECT_EQ(found.coverage.dropped[0].reason, "no speech");
}

TEST_F(GuardsTest, AnotherLanguageIsReadAgain) {
    model_.say(
        {{0.0, " and this is what they have that was the way it was and you have to see what this is that they have"},
         {24.0}});
    EXPECT_EQ(reasons(transcribe()), (Strings{"language"}));
    options_.decode.language = "en";
    EXPECT_TRUE(transcribe().coverage.repaired.empty()) << "in English it is none";
}

TEST_F(GuardsTest, ThePromptSaidAgainGivesWayToWhatIsHeardWithoutIt) {
    options_.decode.initial_prompt =
        "Ett samtal om gruvan i Kiruna med Åsa Öberg och Nils Ek, som har varit med sedan den allra första dagen där";
    const std::string echo = " Ett samtal om gruvan i Kiruna med Åsa Öberg och Nils Ek som har varit med";
    model_.say({{0.0, sentence}, {24.0}});
    model_.say({{0.0, echo}, {24.0}}, options_.decode.initial_prompt);
    Transcript found = transcribe();
    EXPECT_EQ(reasons(found), (Strings{"prompt"}));
    EXPECT_TRUE(found.coverage.repaired[0].replaced);
    EXPECT_EQ(found.text().find("Kiruna"), std::string::npos) << found.text();
    EXPECT_NE(found.text().find("Det var en gång"), std::string::npos);
    options_.decode.hotwords = options_.decode.initial_prompt;
    options_.decode.initial_prompt.clear();
    EXPECT_EQ(reasons(transcribe()), (Strings{"prompt"})) << "hotwords are a prompt, too";
    options_.repair = false;
    EXPECT_EQ(transcribe().text(), echo.substr(1));
}

TEST_F(GuardsTest, SpeechBetweenSegmentsIsReadAgain) {
    model_.say({{0.0, " Det var en gång en gumma som bodde i en stuga"},
                {5.0},
                {18.0, " och hon var så glad åt sin stuga"},
                {24.5}});
    const Transcript found = transcribe();
    ASSERT_EQ(reasons(found), (Strings{"hole"}));
    EXPECT_NEAR(found.coverage.repaired[0].start_s, 5.0, 1.0);
    EXPECT_NEAR(found.coverage.repaired[0].end_s, 18.0, 1.0);
    options_.repair = false;
    EXPECT_LT(transcribe().coverage.share(), 0.7) << "the hole is told";
}

TEST_F(GuardsTest, SpeechThatIsCalledSilenceIsReadAgain) {
    model_.say_silence();
    const Transcript found = transcribe();
    EXPECT_EQ(reasons(found), (Strings{"silent"}));
    EXPECT_EQ(found.text(), "");
    EXPECT_EQ(found.coverage.share(), 0.0);
    EXPECT_TRUE(transcribe(3.0).coverage.repaired.empty()) << "three seconds of it may be anything";
}

}  // namespace
}  // namespace ft
