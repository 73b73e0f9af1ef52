#include "transcriber/options.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "transcriber/options_json.h"

namespace ft {
namespace {

TranscribeOptions read(const std::string& json, OptionsDraft draft = {}) {
    read_options_json(draft, json);
    return finish_options(draft);
}

std::string failure(const std::string& json) {
    try {
        read(json);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
    return "";
}

TranscribeOptions changed() {
    TranscribeOptions options;
    options.decode.language = "en";
    options.decode.task = "translate";
    options.decode.temperatures = {0.0F, 0.4F, 0.8F};
    options.decode.compression_ratio_threshold = 2.0F;
    options.decode.logprob_threshold = -std::numeric_limits<float>::infinity();
    options.decode.no_speech_threshold = 0.5F;
    options.decode.timestamps = false;
    options.decode.initial_prompt = "Åsa, \"Örjan\"";
    options.decode.suppress_tokens = {-1, 7};
    options.decode.seed = 12345678901234;
    options.decode.search = {3, 2.0F, 4, 0.5F, 2.5F};
    options.decode.carry_initial_prompt = options.decode.condition_on_previous_text = true;
    options.decode.hotwords = "Kiruna";
    options.channels = ChannelChoice::split;
    options.clips = {{1.5, 20.0}, {30.0, std::numeric_limits<double>::infinity()}};
    options.decode.word_times = true;
    options.vad.threshold = 0.25F;
    options.vad.min_silence_ms = 500;
    options.vad.min_speech_ms = 200;
    options.vad.speech_pad_ms = 100;
    options.windows.max_window_s = 20.5;
    options.repair = options.hear_rejected = options.drop_inventions = false;
    return options;
}

TEST(TranscribeOptions, WhatIsWrittenIsReadAgain) {
    const auto text = options_text(changed());
    EXPECT_EQ(text.size(), transcribe_options().size() - 1) << "all but the step, which several temperatures replace";
    OptionsDraft draft;
    for (const auto& [name, value] : text) read_option(draft, name, value);
    EXPECT_EQ(options_text(finish_options(draft)), text);
    for (const auto& [name, value] : options_text(TranscribeOptions())) {
        for (const auto& [other, changed] : text) {
            if (name == other && name != "vad_filter") {
                EXPECT_NE(value, changed) << name;
            }
        }
    }
}

TEST(TranscribeOptions, WhatIsWrittenAsJsonIsReadAgain) {
    for (const TranscribeOptions& options : {TranscribeOptions(), changed()}) {
        const std::string json = write_options_json(options);
        EXPECT_EQ(write_options_json(read(json)), json);
        EXPECT_EQ(options_text(read(json)), options_text(options));
    }
    EXPECT_NE(write_options_json(changed()).find(R"("logprob_threshold":null)"), std::string::npos);
    EXPECT_NE(write_options_json(changed()).find(R"("suppress_tokens":[-1,7])"), std::string::npos);
    EXPECT_NE(write_options_json(changed()).find(R"("without_timestamps":true)"), std::string::npos);
}

TEST(TranscribeOptions, TheDefaultsAreThoseOfTheStruct) {
    EXPECT_EQ(options_text(read("")), options_text(TranscribeOptions()));
    EXPECT_EQ(options_text(read("{}")), options_text(TranscribeOptions()));
}

TEST(TranscribeOptions, OneTemperatureRisesInSteps) {
    EXPECT_EQ(read(R"({"temperature": 0.5})").decode.temperatures.size(), 3U);  // 0.5, 0.7, 0.9
    EXPECT_EQ(read(R"({"temperature": 0.5, "temperature_increment_on_fallback": null})").decode.temperatures,
              (std::vector<float>{0.5F}));
    EXPECT_EQ(read(R"({"temperature": [0, 0.5]})").decode.temperatures, (std::vector<float>{0.0F, 0.5F}));
    const TranscribeOptions alone = read(R"({"temperature_increment_on_fallback": "None"})");
    OptionsDraft draft;
    for (const auto& [name, value] : options_text(alone)) read_option(draft, name, value);
    EXPECT_EQ(finish_options(draft).decode.temperatures, alone.decode.temperatures);
}

TEST(TranscribeOptions, JsonTakesEveryKindOfValue) {
    const TranscribeOptions options = read(
        R"({"language": "Swedish", "chunk_length": "20", "vad_filter": false, "logprob_threshold": null,
            "suppress_tokens": [1, 2], "seed": 7, "without_timestamps": "true"})");
    EXPECT_EQ(options.decode.language, "sv");
    EXPECT_EQ(options.windows.max_window_s, 20.0);
    EXPECT_FALSE(options.vad_filter);
    EXPECT_TRUE(std::isinf(options.decode.logprob_threshold));
    EXPECT_EQ(options.decode.suppress_tokens, (std::vector<int32_t>{1, 2}));
    EXPECT_EQ(options.decode.seed, 7U);
    EXPECT_FALSE(options.decode.timestamps);
}

TEST(TranscribeOptions, ABeamThatIsAskedForIsNotNarrowed) {
    EXPECT_EQ(read("{}").decode.search.beam_size, 2);
    EXPECT_EQ(read("{}").decode.search.beam_margin, 2.0F);
    EXPECT_TRUE(std::isinf(read(R"({"beam_size": 5})").decode.search.beam_margin));
    EXPECT_EQ(read(R"({"beam_size": 5, "beam_margin": 2})").decode.search.beam_margin, 2.0F);
    EXPECT_EQ(read(R"({"beam_margin": 2, "beam_size": 5})").decode.search.beam_margin, 2.0F);
    EXPECT_TRUE(std::isinf(read(R"({"beam_margin": null})").decode.search.beam_margin));
}

TEST(TranscribeOptions, ClipsAndLanguagesAreListed) {
    const double endless = std::numeric_limits<double>::infinity();
    using Clips = std::vector<std::pair<double, double>>;
    EXPECT_EQ(read(R"({"clip_timestamps": [10, 20.5, 30]})").clips, (Clips{{10, 20.5}, {30, endless}}));
    EXPECT_EQ(read(R"({"clip_timestamps": "0"})").clips, Clips());
    EXPECT_NE(failure(R"({"clip_timestamps": [10, 10]})").find("must ascend"), std::string::npos);
    EXPECT_NE(failure(R"({"clip_timestamps": [10, 20, 15]})").find("must ascend"), std::string::npos);
    EXPECT_EQ(read(R"({"language": "Swedish, en,sv"})").decode.language, "sv,en");
    EXPECT_EQ(read(R"({"language": "sv,auto"})").decode.language, "auto");
    EXPECT_NE(failure(R"({"language": "sv,klingon"})").find("none that Whisper knows"), std::string::npos);
    EXPECT_EQ(failure(R"({"channels": "left"})"), "channels left: choose mix, split or auto");
}

TEST(TranscribeOptions, DefaultsGiveWayToWhatIsGiven) {
    OptionsDraft defaults;
    read_option(defaults, "language", "auto");
    read_option(defaults, "chunk_length", "15");
    const TranscribeOptions options = read(R"({"language": "no"})", defaults);
    EXPECT_EQ(options.decode.language, "no");
    EXPECT_EQ(options.windows.max_window_s, 15.0);
}

TEST(TranscribeOptions, JsonSaysWhatIsWrong) {
    EXPECT_EQ(failure(R"({"chunk_length": 31})"), "chunk_length 31: must be a number from 1 to 30");
    EXPECT_EQ(failure(R"({"langage": "sv"})"), "unknown option langage; did you mean language?");
    EXPECT_NE(failure(R"({"zzzzzz": 1})").find("there are language, task"), std::string::npos);
    EXPECT_EQ(failure(R"({"vad_filter": "maybe"})"), "vad_filter maybe: must be True or False");
    EXPECT_EQ(failure(R"({"task": "sing"})"), "task sing: is no task; choose transcribe or translate");
    EXPECT_EQ(failure(R"({"seed": 1, "seed": 2})"), "the option seed is given twice");
    EXPECT_NE(failure(R"({"seed": {"a": 1}})").find("not an object"), std::string::npos);
    EXPECT_NE(failure(R"({"suppress_tokens": ["a"]})").find("numbers only"), std::string::npos);
    for (const std::string& bad :
         std::vector<std::string>{"[]", "3", "{", "{\"language\": \"\xff\"}", "null", std::string(100000, '['),
                                  "{\"a\":" + std::string(100000, '[')})
        EXPECT_NE(failure(bad).find("no JSON object"), std::string::npos) << bad.substr(0, 40);
}

}  // namespace
}  // namespace ft
