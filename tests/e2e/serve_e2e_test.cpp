// The real `serve`: a small random model, real audio, signals, a kill, a second start.
#include <signal.h>

#include "serve_fixture.h"

namespace ft {
namespace {

using nlohmann::json;

TEST_F(ServeE2e, UploadsBecomeTranscriptsAndSigtermEndsIt) {
    start_server();
    const std::string id = upload(wavering(9));
    const json done = wait_until(id, is_over);
    EXPECT_EQ(done["state"], "succeeded") << done.dump();
    EXPECT_NEAR(done["result"]["audio_s"].get<double>(), 9.0, 0.01);
    EXPECT_EQ(get("/jobs/" + id + "/result")["metadata"]["file"], "ton.wav");
    const json bad = wait_until(upload("this is no audio"), is_over);
    EXPECT_EQ(bad["error"]["code"], "bad_media") << bad.dump();
    EXPECT_EQ(bad.dump().find(folder_.path().string()), std::string::npos);
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0) << server_->err();
}

TEST_F(ServeE2e, AKilledServerGoesOnWhereItWas) {
    start_server();
    const std::string id = upload(wavering(100));
    const json before = wait_until(id, has_windows);
    server_->signal(SIGKILL);
    EXPECT_EQ(server_->wait(), -SIGKILL);
    start_server();
    const json done = wait_until(id, is_over);
    EXPECT_EQ(done["state"], "succeeded") << done.dump();
    EXPECT_GT(done["progress"]["windows_done"], 30);
    if (!is_over(before)) {
        EXPECT_GE(done["progress"]["windows_resumed"], before["progress"]["windows_done"])
            << "nothing is computed twice";
        EXPECT_EQ(done["attempt"], 2);
    }
    EXPECT_NEAR(get("/jobs/" + id + "/result")["duration"].get<double>(), 100.0, 0.01);
}

TEST_F(ServeE2e, ADrainGivesTheJobBackAndASecondSignalEndsAtOnce) {
    start_server();
    const std::string id = upload(wavering(100));
    const json before = wait_until(id, has_windows);
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0) << server_->err();
    start_server();
    const json done = wait_until(id, is_over);
    EXPECT_EQ(done["state"], "succeeded") << done.dump();
    if (!is_over(before)) {
        EXPECT_GE(done["progress"]["windows_resumed"], 2);
    }
    server_->signal(SIGTERM);
    server_->signal(SIGTERM);
    const int code = server_->wait();
    EXPECT_TRUE(code == 0 || code == 128 + SIGTERM) << code;
}

TEST_F(ServeE2e, TheCommandsOverTheApiWork) {
    start_server();
    options_.environment["FAST_TRANSCRIBE_SERVER"] = url_;
    const std::string ton = folder_.write("ton.wav", wavering(5));
    ASSERT_EQ(run({"submit", "--wait", "-f", "srt,json", "--word_timestamps", ton}), 0) << err();
    EXPECT_EQ(out(), "./ton.srt\n./ton.json\n");
    const json words = json::parse(read_file(folder_ / "ton.json"))["segments"];
    ASSERT_EQ(run({"transcribe",
                   "--model",
                   folder_.path("tiny"),
                   "--vad_model",
                   "energy",
                   "--vad_filter",
                   "False",
                   "--chunk_length",
                   "2",
                   "--logprob_threshold",
                   "None",
                   "--compression_ratio_threshold",
                   "None",
                   "--no_speech_threshold",
                   "None",
                   "--temperature_increment_on_fallback",
                   "None",
                   "--word_timestamps",
                   "-f",
                   "srt,json",
                   "-o",
                   "local",
                   ton}),
              0)
        << err();
    EXPECT_EQ(words, json::parse(read_file(folder_ / "local/ton.json"))["segments"]) << "the local command's";
    EXPECT_EQ(read_file(folder_ / "ton.srt"), read_file(folder_ / "local/ton.srt"));
    ASSERT_EQ(run({"submit", "--", "ton.wav"}), 0) << err();
    const std::string id = out().substr(0, out().find(' '));
    wait_until(id, is_over);
    EXPECT_EQ(run({"jobs", "show", id}), 0) << err();
    EXPECT_NE(out().find("state      succeeded"), std::string::npos) << out();
    EXPECT_EQ(run({"jobs", "show", "job_0"}), 1);
    EXPECT_EQ(run({"jobs"}), 2);
    EXPECT_EQ(run({"submit", "gone.wav"}), 1);
    EXPECT_EQ(run({"submit"}), 2);
}

TEST_F(ServeE2e, WrongUseIsSaid) {
    EXPECT_EQ(run({"serve", "--port", "70000"}), 2);
    EXPECT_NE(err().find("from 0 to 65535"), std::string::npos) << err();
    EXPECT_EQ(run({"serve", "talk.wav"}), 2);
    EXPECT_EQ(run({"serve", "--host", "0.0.0.0", "--data", folder_.path("data"), "--model", folder_.path("tiny")}), 2);
    EXPECT_NE(err().find("--api-keys"), std::string::npos) << err();
    EXPECT_EQ(run({"serve", "--port", "0", "--data", folder_.path("data"), "--model", folder_.path("nowhere")}), 1);
    EXPECT_NE(err().find("nowhere"), std::string::npos) << err();
    EXPECT_EQ(run({"serve", "--help"}), 0);
    EXPECT_NE(out().find("--api_keys FILE"), std::string::npos) << out();
}

}  // namespace
}  // namespace ft
