// The real `serve`: a small random model, real audio, signals, a kill, a second start.
#include <signal.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "audio/testing/test_audio.h"
#include "base/clock.h"
#include "e2e_fixture.h"
#include "model/testing/tiny_checkpoint.h"
#include "net/http_client.h"

namespace ft {
namespace {

using nlohmann::json;

/// A wav, 16 kHz mono: a wavering tone with pauses.
std::string wavering(double seconds) {
    return test::wav(16000, 1, test::pcm_s16(16000, 1, seconds, [](int, double t) {
                         return std::fmod(t, 0.8) < 0.6 ? 0.275 * std::sin(6.283 * 180 * t) : 0.0;
                     }));
}

class ServeE2e : public E2eTest {
  protected:
    void SetUp() override {
        E2eTest::SetUp();
        write_tiny_folder(make_tiny_checkpoint(), folder_ / "tiny");
    }

    std::vector<std::string> arguments() const {
        // A random model convinces nobody: its text is taken as it is. Short windows, so that there are many.
        return {"serve",
                "--port",
                "0",
                "--data",
                folder_.path("data"),
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
                "None"};
    }

    void start_server() {
        server_ = start(arguments());
        ASSERT_TRUE(server_->wait_for_output_text("\n")) << server_->err();
        const std::string said = server_->out();
        ASSERT_NE(said.find("listening on http://127.0.0.1:"), std::string::npos) << said;
        url_ = said.substr(13, said.find('\n') - 13);
    }

    HttpResponse send(HttpRequest request) {
        request.url = url_ + request.url;
        HttpOptions options;
        options.use_proxy = false;
        return HttpClient(options).send_once(request);
    }
    json get(const std::string& path) {
        HttpRequest request;
        request.url = path;
        const HttpResponse response = send(request);
        return json::parse(response.body, nullptr, false);
    }

    std::string upload(const std::string& audio) {
        HttpRequest request;
        request.url = "/jobs";
        request.method = "POST";
        request.headers = {"Content-Type: multipart/form-data; boundary=end-of-part"};
        request.body = "--end-of-part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ton.wav\"\r\n\r\n" +
                       audio + "\r\n--end-of-part--\r\n";
        const HttpResponse response = send(request);
        EXPECT_EQ(response.status, 202) << response.body << response.failure_text;
        return json::parse(response.body, nullptr, false).value("job_id", "");
    }

    /// Asks until `good` says yes, 120 s at most.
    json wait_until(const std::string& id, const std::function<bool(const json&)>& good) {
        json job;
        for (int i = 0; i < 60000; ++i) {
            job = get("/jobs/" + id);
            if (job.is_object() && good(job)) return job;
            clock_.sleep_ms(2);
        }
        ADD_FAILURE() << job.dump();
        return job;
    }
    static bool is_over(const json& job) {
        return job.value("state", "") == "succeeded" || job.value("state", "") == "failed";
    }
    static bool has_windows(const json& job) { return is_over(job) || job["progress"]["windows_done"] >= 2; }

    const SystemClock clock_;
    std::unique_ptr<ChildProcess> server_;
    std::string url_;
};

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
    const std::string id = upload(wavering(300));
    const json before = wait_until(id, has_windows);
    server_->signal(SIGKILL);
    EXPECT_EQ(server_->wait(), -SIGKILL);
    start_server();
    const json done = wait_until(id, is_over);
    EXPECT_EQ(done["state"], "succeeded") << done.dump();
    EXPECT_GT(done["progress"]["windows_done"], 100);
    if (!is_over(before)) {
        EXPECT_GE(done["progress"]["windows_resumed"], before["progress"]["windows_done"])
            << "nothing is computed twice";
        EXPECT_EQ(done["attempt"], 2);
    }
    EXPECT_NEAR(get("/jobs/" + id + "/result")["duration"].get<double>(), 300.0, 0.01);
}

TEST_F(ServeE2e, ADrainGivesTheJobBackAndASecondSignalEndsAtOnce) {
    start_server();
    const std::string id = upload(wavering(300));
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
