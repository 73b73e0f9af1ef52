// OpenAI's own Python package asks us, unchanged; skipped where scripts/moto.sh has not put it. openai_api_test.cpp
// asks the same without Python.
#include "server/testing/python.h"
#include "server/testing/service_fixture.h"

namespace ft {
namespace {

using nlohmann::json;

class OpenAiPackage : public ServiceTest {};

TEST_F(OpenAiPackage, UnderstandsEveryAnswer) {
    if (!has_python_package("openai")) GTEST_SKIP() << "the package openai is not installed; scripts/moto.sh does it";
    while (get("/ready").status != 200) clock_.sleep_ms(5);
    const std::string recording = folder_.write("talk.wav", "2 tal");
    const std::string said = output_of_python("openai_client.py", {server_->url() + "/v1", recording});
    const json answers = json::parse(said, nullptr, false);
    ASSERT_TRUE(answers.is_object()) << said;
    const std::string text = "tal 0. tal 1.";
    EXPECT_EQ(answers.at("models"), json({"invented", "whisper-1"}));
    EXPECT_EQ(answers.at("json"), text);
    EXPECT_EQ(answers.at("verbose_json").at("text"), text);
    EXPECT_EQ(answers.at("verbose_json").at("language"), "swedish");
    EXPECT_EQ(answers.at("verbose_json").at("duration"), 20.0);
    EXPECT_EQ(answers.at("verbose_json").at("segments").at(1), json({11.0, 19.0, "tal 1."}));
    EXPECT_EQ(answers.at("words").size(), 4U);
    EXPECT_EQ(answers.at("words").at(3), json({"1.", 17.0, 19.0}));
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
