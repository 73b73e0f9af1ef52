// The guards of docs/trust.md with a real model and sound that is made here; with a model that says what it is told to,
// every one of them is tested in src/transcriber/guards_test.cpp.
#include <cmath>
#include <nlohmann/json.hpp>

#include "audio/audio_reader.h"
#include "audio/testing/test_audio.h"
#include "base/file.h"
#include "e2e_fixture.h"

namespace ft {
namespace {

using Pcm = std::vector<float>;
using Json = nlohmann::json;

Pcm noise(double seconds, double amplitude) {
    Pcm pcm(static_cast<size_t>(seconds * sample_rate));
    uint32_t state = 7;
    for (float& value : pcm) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<float>(amplitude * ((state >> 16) / 32768.0 - 1.0));
    }
    return pcm;
}

/// Three notes in turn, swelling: loud and lively, and nobody speaks.
Pcm music(double seconds) {
    Pcm pcm(static_cast<size_t>(seconds * sample_rate));
    for (size_t i = 0; i < pcm.size(); ++i) {
        const double t = static_cast<double>(i) / sample_rate, swell = 0.5 + 0.5 * std::sin(6.283 * 2 * t);
        const double note = 220.0 * std::pow(2.0, static_cast<int>(t / 0.7) % 3 / 3.0);
        pcm[i] = static_cast<float>(0.2 * swell * (std::sin(6.283 * note * t) + 0.5 * std::sin(6.283 * 2 * note * t)));
    }
    return pcm;
}

/// A quarter of a second in every 0.6 s.
Pcm beeps(double seconds) {
    Pcm pcm(static_cast<size_t>(seconds * sample_rate));
    for (size_t i = 0; i < pcm.size(); ++i) {
        const double t = static_cast<double>(i) / sample_rate;
        pcm[i] = static_cast<float>(std::fmod(t, 0.6) < 0.25 ? 0.3 * std::sin(6.283185 * 440 * t) : 0.0);
    }
    return pcm;
}

class TrustE2eTest : public E2eTest {
  protected:
    static Pcm speech() { return read_all(*AudioReader::open(samples()[0].audio.string())); }

    /// Transcribes the parts one after another; -> the json.
    Json transcribe(const std::vector<Pcm>& parts, const std::vector<std::string>& flags) {
        Pcm all;
        for (const Pcm& part : parts) all.insert(all.end(), part.begin(), part.end());
        const double seconds = static_cast<double>(all.size()) / sample_rate;
        const auto value = [&](int, double t) {
            return static_cast<double>(
                all[std::min(all.size() - 1, static_cast<size_t>(std::lround(t * sample_rate)))]);
        };
        write_file_atomically(folder_ / "a.wav",
                              test::wav(sample_rate, 1, test::pcm_s16(sample_rate, 1, seconds, value)));
        std::vector<std::string> arguments = {"--model", model().string(), "-f", "json", "a.wav"};
        const std::filesystem::path vad = FT_SOURCE_DIR "/build/models/silero_vad_16k.safetensors";
        const bool chosen = std::find(flags.begin(), flags.end(), "--vad_model") != flags.end();
        if (!chosen && std::filesystem::exists(vad)) arguments.insert(arguments.end(), {"--vad_model", vad.string()});
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        code_ = run(arguments);
        EXPECT_LE(code_, 1) << err();
        return Json::parse(read_file(folder_ / "a.json"));
    }

    static bool has_silero() {
        return std::filesystem::exists(FT_SOURCE_DIR "/build/models/silero_vad_16k.safetensors");
    }

    int code_ = 0;
};

TEST_F(TrustE2eTest, NothingIsWrittenWhereNobodySpeaks) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const Pcm said = speech();
    const double from_s = static_cast<double>(said.size()) / sample_rate, to_s = from_s + 20.0;
    const Json json = transcribe({said, noise(20.0, 0.0), said}, {"--word_timestamps"});
    size_t words = 0;
    for (const Json& segment : json["segments"]) {
        for (const Json& word : segment["words"]) {
            const double middle_s = (word["start"].get<double>() + word["end"].get<double>()) / 2;
            EXPECT_FALSE(middle_s > from_s && middle_s < to_s) << word;
            ++words;
        }
        const bool lasts_through = segment["start"].get<double>() < from_s - 1 && segment["end"].get<double>() > to_s;
        EXPECT_FALSE(lasts_through) << segment;
    }
    EXPECT_GT(words, 20U);
    EXPECT_EQ(transcribe({noise(20.0, 0.05), noise(20.0, 0.0)}, {"--strict"})["text"], "");
    EXPECT_EQ(code_, 0) << "without speech nothing is missing";
}

TEST_F(TrustE2eTest, SpeechThatTheDetectorRejectsIsHeardAllTheSame) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    if (!has_silero()) GTEST_SKIP() << "build/models/silero_vad_16k.safetensors is not there: ./test.sh gets it";
    // To this detector nothing is speech that lasts less than a minute.
    const std::vector<std::string> flags = {"--vad_min_speech_duration_ms", "60000"};
    const Json json = transcribe({noise(2.0, 0.0005), speech(), noise(2.0, 0.0005)}, flags);
    EXPECT_EQ(json["metadata"]["coverage"]["speech_s"], 0.0);
    EXPECT_GT(json["metadata"]["coverage"]["rejected_s"], 3.0);
    EXPECT_GE(shared_words(samples()[0].text, json["text"].get<std::string>()), 0.4) << json["text"];
    std::vector<std::string> without = flags;
    without.insert(without.end(), {"--hear_rejected", "False"});
    EXPECT_EQ(transcribe({speech()}, without)["text"], "");
}

TEST_F(TrustE2eTest, MusicThatTheDetectorRejectsLeavesNoText) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    if (!has_silero()) GTEST_SKIP() << "build/models/silero_vad_16k.safetensors is not there: ./test.sh gets it";
    const Json json = transcribe({music(15.0)}, {});
    EXPECT_EQ(json["text"], "") << json["metadata"]["coverage"];
}

/// To a detector by level, beeps are speech.
TEST_F(TrustE2eTest, BeepsThatPassForSpeechLeaveNoTextAndStrictMissesIt) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const Json json = transcribe({beeps(12.0)}, {"--vad_model", "energy", "--strict"});
    const Json& coverage = json["metadata"]["coverage"];
    EXPECT_EQ(json["text"], "") << coverage;
    EXPECT_GT(coverage["speech_s"].get<double>(), 8.0);
    // As far as anybody can tell, that is speech that is missing.
    EXPECT_EQ(coverage["share"], 0.0);
    EXPECT_EQ(code_, 1);
    EXPECT_NE(err().find("--min_coverage"), std::string::npos) << err();
}

}  // namespace
}  // namespace ft
