#include "serve_fixture.h"

#include <cmath>
#include <cstdlib>

#include "audio/testing/test_audio.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {

using nlohmann::json;

void ServeE2e::SetUp() {
    E2eTest::SetUp();
    write_tiny_folder(make_tiny_checkpoint(), folder_ / "tiny");
}

void ServeE2e::start_server(const std::vector<std::string>& more) {
    // A random model convinces nobody: its text is taken as it is. Short windows, so that there are many.
    std::vector<std::string> arguments = {"serve",
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
    arguments.insert(arguments.end(), more.begin(), more.end());
    server_ = start(arguments);
    ASSERT_TRUE(server_->wait_for_output_text("\n")) << server_->err();
    const std::string said = server_->out();
    ASSERT_NE(said.find("listening on http://127.0.0.1:"), std::string::npos) << said;
    url_ = said.substr(13, said.find('\n') - 13);
}

std::string ServeE2e::wavering(double seconds) {
    return test::wav(16000, 1, test::pcm_s16(16000, 1, seconds, [](int, double t) {
                         return std::fmod(t, 0.8) < 0.6 ? 0.275 * std::sin(6.283 * 180 * t) : 0.0;
                     }));
}

HttpResponse ServeE2e::send(HttpRequest request) const {
    request.url = url_ + request.url;
    HttpOptions options;
    options.use_proxy = false;
    options.stall_timeout = std::chrono::seconds(0);  // OpenAI's way is silent until the text is there
    return HttpClient(options).send_once(request);
}

json ServeE2e::get(const std::string& path) const {
    HttpRequest request;
    request.url = path;
    return json::parse(send(request).body, nullptr, false);
}

HttpResponse ServeE2e::send_upload(const std::string& audio,
                                   const std::vector<std::pair<std::string, std::string>>& fields,
                                   const std::string& path) const {
    HttpRequest request;
    request.url = path;
    request.method = "POST";
    request.headers = {"Content-Type: multipart/form-data; boundary=end-of-part"};
    std::string body;
    for (const auto& [name, value] : fields)
        body += "--end-of-part\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    request.body = body +
                   "--end-of-part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ton.wav\"\r\n\r\n" +
                   audio + "\r\n--end-of-part--\r\n";
    return send(request);
}

std::string ServeE2e::upload(const std::string& audio) const {
    const HttpResponse response = send_upload(audio);
    EXPECT_EQ(response.status, 202) << response.body << response.failure_text;
    return json::parse(response.body, nullptr, false).value("job_id", "");
}

json ServeE2e::wait_until(const std::string& id, const std::function<bool(const json&)>& good,
                          int64_t patience_s) const {
    json job;
    const int64_t until_ms = clock_.boot_ms() + patience_s * 1000;
    while (clock_.boot_ms() < until_ms) {
        job = get("/jobs/" + id);
        if (job.is_object() && good(job)) return job;
        clock_.sleep_ms(5);
    }
    ADD_FAILURE() << job.dump();
    return job;
}

bool ServeE2e::is_over(const json& job) {
    const std::string state = job.value("state", "");
    return state == "succeeded" || state == "failed" || state == "dead" || state == "cancelled";
}

bool ServeE2e::has_windows(const json& job) {
    return is_over(job) || job["progress"]["windows_done"] >= 2;
}

int number_of_environment(const char* name, int otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr || *text == '\0' ? otherwise : std::atoi(text);
}

}  // namespace ft
