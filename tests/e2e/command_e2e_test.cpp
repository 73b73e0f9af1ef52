// Arguments, files and exit codes of the real program.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>

#include "base/file.h"
#include "e2e_fixture.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

size_t lines_in(const std::string& text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string random_bytes(size_t size) {
    std::mt19937 random(7);
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random() & 0xFF);
    return bytes;
}

TEST_F(E2eTest, HelpAndVersion) {
    EXPECT_EQ(run({"--help"}), 0);
    EXPECT_NE(out().find("--output_format"), std::string::npos);
    EXPECT_EQ(run({"--version"}), 0);
    EXPECT_EQ(out(), "fast-transcribe " FT_VERSION "\n");
}

TEST_F(E2eTest, WrongUsageIsTwoAndOneLine) {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                      {"--nonsense", "a.mp3"},
                                                      {"--device", "tpu", "a.mp3"},
                                                      {"--highlight_words", "--word_timestamps", "False", "a.mp3"},
                                                      {"-f", "docx", "a.mp3"},
                                                      {"--language", "klingon", "a.mp3"},
                                                      {"doctor", "--nonsense"}}) {
        EXPECT_EQ(run(arguments), 2) << (arguments.empty() ? "no arguments" : arguments[0]);
        EXPECT_EQ(lines_in(err()), 1U) << err();
        EXPECT_EQ(err().rfind("fast-transcribe: ", 0), 0U) << err();
        EXPECT_EQ(out(), "");
    }
}

TEST_F(E2eTest, WithoutAGpuTheCpuIsNamed) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const int code = run({"--model", model().string(), "--device", "cuda", samples()[0].audio.string()});
    if (code == 0) GTEST_SKIP() << "there is a GPU here";
    EXPECT_EQ(code, 1);
    EXPECT_NE(err().find("--device cpu"), std::string::npos) << err();
    EXPECT_EQ(out(), "");
    EXPECT_TRUE(fs::is_empty(folder_.path())) << "nothing was written";
}

TEST_F(E2eTest, MissingFileIsOneAndOneLine) {
    EXPECT_EQ(run({"nowhere.mp3"}), 1);
    EXPECT_EQ(err(), "fast-transcribe: nowhere.mp3: there is no such file\n");
    EXPECT_TRUE(fs::is_empty(folder_.path())) << "nothing was written";
}

TEST_F(E2eTest, DoctorJudgesThisMachine) {
    const int code = run({"doctor", "--json"});
    const nlohmann::json json = nlohmann::json::parse(out());
    EXPECT_EQ(code, json["ok"].get<bool>() ? 0 : 1);
    int passed = 0;
    for (const auto& finding : json["findings"]) {
        if (finding["subject"] != "self-test") continue;
        EXPECT_EQ(finding["level"], "ok") << finding;
        ++passed;
    }
    EXPECT_GE(passed, 3) << "two computations and a decoded sound";
    EXPECT_EQ(run({"doctor"}), code);
    EXPECT_NE(out().find("CPU"), std::string::npos);
}

TEST_F(E2eTest, NoFlagsLeaveADatedTextAndItsName) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    for (const Sample& sample : samples()) {
        ASSERT_EQ(run({"--model", model().string(), sample.audio.string()}), 0) << err();
        EXPECT_TRUE(std::regex_match(out(), std::regex("transcription_[0-9]{8}_[0-9]{6}(_[0-9]+)?\\.txt\n"))) << out();
        const std::string text = read_file(folder_ / out().substr(0, out().size() - 1));
        EXPECT_GE(shared_words(sample.text, text), 0.6) << sample.audio << " gave: " << text;
    }
}

TEST_F(E2eTest, BadInputsFailAndGoodOnesAreWritten) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const fs::path good = samples()[0].audio;
    write_file_atomically(folder_ / "random.mp3", random_bytes(100000));
    write_file_atomically(folder_ / "empty.wav", "");
    write_file_atomically(folder_ / "list.m3u8", "#EXTM3U\n#EXTINF:10,\n" + good.string() + "\n#EXT-X-ENDLIST\n");
    write_file_atomically(folder_ / "text.ogg", "This is a letter and no audio.\n");
    fs::create_directory(folder_ / "folder");
    fs::copy_file(good, folder_ / "good.flac");
    const std::vector<std::string> bad = {"random.mp3", "empty.wav", "list.m3u8", "text.ogg", "folder", "nowhere.wav"};
    std::vector<std::string> arguments = {"--model", model().string(), "-f", "txt", "-o", "out"};
    arguments.insert(arguments.end(), bad.begin(), bad.end());
    arguments.emplace_back("good.flac");
    EXPECT_EQ(run(arguments), 1);
    EXPECT_EQ(out(), "out/good.txt\n");
    for (const std::string& name : bad) {
        const std::string prefix = "fast-transcribe: " + name + ": ";
        const size_t at = err().find(prefix);
        EXPECT_NE(at, std::string::npos) << name << " in " << err();
        EXPECT_EQ(err().find(prefix, at + 1), std::string::npos) << name << " is named once";
    }
}

TEST_F(E2eTest, StandardInputGivesTheSameText) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const fs::path audio = samples()[0].audio;
    ASSERT_EQ(run({"--model", model().string(), "-q", "-f", "txt", audio.string()}), 0) << err();
    EXPECT_EQ(err(), "");
    options_.input = audio;
    ASSERT_EQ(run({"--model", model().string(), "-f", "txt", "-"}), 0) << err();
    EXPECT_EQ(out(), "./stdin.txt\n");
    EXPECT_EQ(read_file(folder_ / "stdin.txt"), read_file(folder_ / (audio.stem().string() + ".txt")));
}

TEST_F(E2eTest, EveryFormatIsWellFormed) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const Sample sample = samples()[0];
    const std::string stem = sample.audio.stem().string();
    ASSERT_EQ(run({"--model", model().string(), "-f", "all", "-o", "new/folder", sample.audio.string()}), 0) << err();
    EXPECT_EQ(lines_in(out()), 5U) << out();
    const auto content = [&](const char* format) { return read_file(folder_ / "new/folder" / (stem + "." + format)); };
    const nlohmann::json json = nlohmann::json::parse(content("json"));
    ASSERT_FALSE(json["segments"].empty());
    double last = 0;
    for (const auto& segment : json["segments"]) {
        EXPECT_LE(last, segment["start"].get<double>());
        EXPECT_LE(segment["start"].get<double>(), segment["end"].get<double>());
        last = segment["start"].get<double>();
    }
    const nlohmann::json& start = json["metadata"]["timing"]["start"];
    last = 0;
    for (const char* moment : {"main_s", "weights_s", "first_token_s", "first_segment_s"}) {
        ASSERT_TRUE(start.contains(moment)) << moment << " in " << start;
        EXPECT_LE(last, start[moment].get<double>()) << start;
        last = start[moment].get<double>();
    }
    EXPECT_GT(last, 0);
    EXPECT_EQ(content("vtt").rfind("WEBVTT", 0), 0U);
    EXPECT_EQ(content("tsv").rfind("start\tend\ttext\n", 0), 0U);
    EXPECT_EQ(lines_in(content("tsv")), json["segments"].size() + 1);
    EXPECT_TRUE(std::regex_search(
        content("srt"),
        std::regex("^1\n[0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3} --> [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}\n")));
    EXPECT_GE(shared_words(sample.text, content("txt")), 0.6);
}

TEST_F(E2eTest, InputsOfTheSameNameDoNotOverwriteOneAnother) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const std::string kind = samples()[0].audio.extension().string();
    for (const char* folder : {"a", "b"}) {
        fs::create_directory(folder_ / folder);
        fs::copy_file(samples()[0].audio, folder_ / folder / ("talk" + kind));
    }
    EXPECT_EQ(run({"--model", model().string(), "-f", "txt", "-o", "out", "a/talk" + kind, "b/talk" + kind}), 0)
        << err();
    EXPECT_EQ(out(), "out/talk.txt\nout/talk_2.txt\n");
    EXPECT_EQ(read_file(folder_ / "out/talk.txt"), read_file(folder_ / "out/talk_2.txt"));
}

TEST_F(E2eTest, AClosedOutputDoesNotLoseTheResult) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    options_.close_output = true;
    EXPECT_EQ(run({"--model", model().string(), "-f", "txt", samples()[0].audio.string()}), 0) << err();
    EXPECT_TRUE(fs::exists(folder_ / (samples()[0].audio.stem().string() + ".txt")));
}

}  // namespace
}  // namespace ft
