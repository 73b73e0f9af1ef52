// OpenAI's own Python package asks us, unchanged; skipped where scripts/moto.sh has not put it. openai_api_test.cpp
// asks the same without Python.
#include <array>
#include <cstdio>
#include <filesystem>

#include "server/testing/service_fixture.h"

namespace ft {
namespace {

using nlohmann::json;

struct PipeCloser {
    void operator()(FILE* pipe) const { ::pclose(pipe); }
};

/// What the command prints; its complaints go where the test's go.
std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, PipeCloser> pipe(::popen(command.c_str(), "r"));
    std::string text;
    std::array<char, 4096> buffer{};
    while (pipe) {
        const size_t got = ::fread(buffer.data(), 1, buffer.size(), pipe.get());
        if (got == 0) break;
        text.append(buffer.data(), got);
    }
    return text;
}

class OpenAiPackage : public ServiceTest {};

TEST_F(OpenAiPackage, UnderstandsEveryAnswer) {
    const std::string moto = std::string(FT_SOURCE_DIR) + "/build/moto";
    if (!std::filesystem::exists(moto + "/packages/openai"))
        GTEST_SKIP() << "the package openai is not installed; scripts/moto.sh does it";
    while (get("/ready").status != 200) clock_.sleep_ms(5);
    const std::string recording = folder_.write("talk.wav", "2 tal");
    const std::string said =
        output_of("PYTHONPATH='" + moto + "/packages' NO_PROXY='*' '" + moto + "/python' '" + FT_SOURCE_DIR +
                  "/src/server/testing/openai_client.py' http://127.0.0.1:" + std::to_string(server_->port()) +
                  "/v1 '" + recording + "'");
    const json answers = json::parse(said, nullptr, false);
    ASSERT_TRUE(answers.is_object()) << said;
    const std::string text = "tal 0. tal 1.";
    EXPECT_EQ(answers.at("models"), json({"invented", "whisper-1"}));
    EXPECT_EQ(answers.at("json"), text);
    EXPECT_EQ(answers.at("verbose_json").at("text"), text);
    EXPECT_EQ(answers.at("verbose_json").at("language"), "swedish");
    EXPECT_EQ(answers.at("verbose_json").at("duration"), 20.0);
    EXPECT_EQ(answers.at("verbose_json").at("segments").at(1), json({11.0, 19.0, "tal 1."}));
    EXPECT_EQ(answers.at("text"), "tal 0.\ntal 1.\n");
    EXPECT_NE(answers.at("srt").get<std::string>().find("00:00:11,000 --> 00:00:19,000"), std::string::npos);
    EXPECT_EQ(answers.at("vtt").get<std::string>().substr(0, 6), "WEBVTT");
    EXPECT_EQ(answers.at("delta"), text);
    EXPECT_EQ(answers.at("done"), text);
    EXPECT_EQ(answers.at("translation"), text);
    EXPECT_NE(answers.at("refused").get<std::string>().find("none that Whisper knows"), std::string::npos);
}

}  // namespace
}  // namespace ft
