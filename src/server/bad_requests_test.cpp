// What strangers send: every answer has a code and a sentence, and the server goes on.
#include <fmt/format.h>

#include <span>

#include "base/sha256.h"
#include "server/testing/service_fixture.h"

namespace ft {
namespace {

using nlohmann::json;

class BadRequests : public ServiceTest {
  protected:
    void expect_alive() { EXPECT_EQ(get("/health").status, 200); }
    std::string post_json(const json& body) {
        const HttpResponse response = post("/jobs", body.dump(), "application/json");
        EXPECT_EQ(response.status, 400) << body.dump();
        return sentence_of(response);
    }
};

TEST_F(BadRequests, FormsAndTheirFields) {
    const std::vector<std::pair<std::vector<FormPart>, std::string>> cases = {
        {{}, "either a file or a field audio"},
        {{{"file", "", "a.wav"}}, "empty"},
        {{{"file", "1 a", "a.wav"}, {"audio", "https://example.org/a"}}, "either a file or a field audio"},
        {{{"file", "1 a", "a.wav"}, {"chunk_length", "31"}}, "chunk_length 31: must be a number from 1 to 30"},
        {{{"file", "1 a", "a.wav"}, {"langage", "sv"}}, "\"langage\""},
        {{{"file", "1 a", "a.wav"}, {"options", "{\"seeed\": 1}"}}, "did you mean seed?"},
        {{{"file", "1 a", "a.wav"}, {"options", "[]"}}, "no JSON object"},
        {{{"file", "1 a", "a.wav"}, {"metadata", "{"}}, "metadata is no JSON"},
        {{{"file", "1 a", "a.wav"}, {"metadata", std::string(100000, '[')}}, "nested deeper"},
        {{{"file", "1 a", "a.wav"}, {"callback", "{}"}}, "no url"},
        {{{"file", "1 a", "a.wav"}, {"callback", R"({"url": "https://10.0.0.1/x", "secret": "x"})"}}, "public"},
        {{{"file", "1 a", "a.wav"}, {"callback", R"({"url": "ftp://example.org/"})"}}, "http"},
        {{{"file", "1 a", "a.wav"}, {"callback", R"({"url": "https://example.org/", "secret": "short"})"}}, "whsec_"},
        {{{"file", "1 a", "a.wav"}, {"callback", R"({"url": "https://example.org/"})"}}, "no secret"},
    };
    for (const auto& [form, sentence] : cases) {
        const HttpResponse response = post_form("/jobs", form);
        EXPECT_EQ(response.status, 400) << response.body;
        EXPECT_NE(sentence_of(response).find(sentence), std::string::npos) << response.body;
    }
    EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 0U);
    EXPECT_EQ(service_->objects().list("inputs/", "", 100).size(), 0U);
}

TEST_F(BadRequests, JsonBodies) {
    EXPECT_NE(sentence_of(post("/jobs", "{", "application/json")).find("no JSON"), std::string::npos);
    EXPECT_NE(post_json(json::array()).find("no JSON object"), std::string::npos);
    EXPECT_NE(post_json({{"audio", {{"url", "file:///etc/passwd"}}}}).find("https://"), std::string::npos);
    EXPECT_NE(post_json({{"audio", {{"url", "https://10.0.0.1/a.wav"}}}}).find("public"), std::string::npos);
    EXPECT_NE(post_json({{"audio", {{"url", 3}}}}).find("must be a text"), std::string::npos);
    EXPECT_NE(post_json({{"audio", {{"path", "/etc/passwd"}}}}).find("\"path\""), std::string::npos);
    EXPECT_NE(post_json({{"audio", {{"url", "https://example.org/a"}}}, {"option", 1}}).find("\"option\""),
              std::string::npos);
    EXPECT_NE(post_json({{"audio", {{"url", "https://example.org/a"}}}, {"options", 1}}).find("no JSON object"),
              std::string::npos);
    const HttpResponse plain = post("/jobs", "hello", "text/plain");
    EXPECT_EQ(plain.status, 415);
    EXPECT_EQ(post("/jobs", std::string(1 << 20, ' '), "application/json").status, 413);
}

TEST_F(BadRequests, AFileThatIsTooLongIsRefusedWithTheLimit) {
    server_options_.uploads.longest_file = 100000;
    const HttpResponse response = post_form("/jobs", {{"file", std::string(200000, '1'), "a.wav"}});
    EXPECT_EQ(response.status, 413);
    EXPECT_NE(sentence_of(response).find("100000 bytes"), std::string::npos);
    const HttpResponse huge = post_form("/jobs", {{"file", std::string(4 << 20, '1'), "a.wav"}});
    EXPECT_TRUE(huge.status == 413 || huge.failure != HttpFailure::none) << "refused by its head alone";
    EXPECT_EQ(post_form("/jobs", {{"file", "1 a", "a.wav"}, {"metadata", std::string(300000, ' ')}}).status, 413);
    EXPECT_EQ(service_->objects().list("inputs/", "", 100).size(), 0U);
}

TEST_F(BadRequests, PathsLeadNowhere) {
    for (const std::string path :
         {"/page/nothing.js", "/jobs/", "/nothing", "/jobs/x/y/z", "/jobs/..%2f..%2fetc%2fpasswd", "/jobs/%00",
          "/jobs/../../etc/passwd", "/jobs/x/result/../../..", "/v2/models", "/jobs/%ff%fe"}) {
        const HttpResponse response = get(path);
        EXPECT_EQ(response.status, 404) << path;
        EXPECT_NE(sentence_of(response), "") << path;
    }
    for (const char* path : {"/jobs/job_0", "/jobs/x/result", "/jobs/x/events", "/jobs/x/deliveries"})
        EXPECT_EQ(reason_of(get(path)), "no_such_job") << path;
    EXPECT_EQ(get("/jobs/" + std::string(5000, 'a')).status, 414);
    const std::string id = upload("1 tal");
    wait_for(id, "succeeded");
    for (const char* format : {"..%2f..%2fjobs.db", "exe", "%2e%2e"})
        EXPECT_NE(sentence_of(get(fmt::format("/jobs/{}/result?format={}", id, format))).find("no format"),
                  std::string::npos);
    EXPECT_NE(sentence_of(get("/jobs/" + id + "/result?format=json%00")).find("zero byte"), std::string::npos);
    EXPECT_NE(sentence_of(post_form("/jobs", {{"file", "1 a", "a"}, {"language", std::string("sv\0x", 4)}}))
                  .find("zero byte"),
              std::string::npos);
    HttpRequest request;
    request.url = "/jobs/" + id;
    request.method = "DELETE";
    const HttpResponse refused = send(request);
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.header("allow"), "GET");
}

TEST_F(BadRequests, BytesThatAreNoHttp) {
    const std::vector<std::string> requests = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        std::string("\0\xff\x16\x03\x01 nonsense\r\n\r\n", 18),
        "GET / HTTP/9.9\r\n\r\n",
        "GET /health HTTP/1.1\r\n\r\n",  // no Host
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100000, 'x') + "\r\n\r\n",
        "GET /" + std::string(100000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
        std::string(200000, 'G'),
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\nhello",
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\nhello",
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data\r\nContent-Length: 5\r\n\r\nhello",
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: "
        "chunked\r\n\r\nzz\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nRange: bytes=" +
            [] {
                std::string ranges = "0-0";
                while (ranges.size() < 7900) ranges += ",0-0";
                return ranges;
            }() +
            "\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nRange: bytes=99999999999999999999-1\r\n\r\n",
    };
    for (const std::string& bytes : requests) {
        const std::string reply = send_raw(bytes, 300);
        EXPECT_EQ(reply.find("HTTP/1.1 5"), reply.find("HTTP/1.1 501"))
            << bytes.substr(0, 60) << ": " << reply.substr(0, 200);
        EXPECT_EQ(reply.find("HTTP/1.1 202"), std::string::npos) << bytes.substr(0, 60);
    }
    expect_alive();
}

TEST_F(BadRequests, ConnectionsThatIdleMakeRoomForOthers) {
    http_options_.threads = 8;  // each has a connection, and a thread for as long as that is open
    start();
    HttpOptions options;
    options.use_proxy = false;
    std::vector<HttpClient> clients;
    for (int i = 0; i < 12; ++i) clients.emplace_back(options);
    HttpRequest request;
    request.url = server_->url() + "/health";
    const int64_t begun_ms = clock_.boot_ms();
    for (int round = 0; round < 4; ++round) {
        for (HttpClient& client : clients) EXPECT_EQ(client.send_once(request).status, 200);
    }
    EXPECT_LT(clock_.boot_ms() - begun_ms, 15000) << "some wait for 5 s in each round";
}

TEST_F(BadRequests, ABodyThatBreaksOffLeavesNothing) {
    const std::string head =
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n";
    const std::string part = "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n1 tal";
    send_raw(head + "Content-Length: 1000000\r\n\r\n" + part, 100);
    const std::string reply = send_raw(head + fmt::format("Content-Length: {}\r\n\r\n{}", part.size(), part), 2000);
    EXPECT_NE(reply.find("HTTP/1.1 400"), std::string::npos) << reply;
    EXPECT_NE(reply.find("ends before its last boundary"), std::string::npos) << reply;
    expect_alive();
    EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 0U);
}

TEST_F(BadRequests, AChunkedUploadIsFine) {
    const std::string part = "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n1 tal\r\n--b--\r\n";
    const std::string reply = send_raw(
        "POST /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; "
        "boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n" +
        fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", part.size(), part));
    EXPECT_NE(reply.find("HTTP/1.1 202"), std::string::npos) << reply;
}

TEST_F(BadRequests, PagesOfOthersAndForeignNamesAreRefused) {
    const auto status = [&](const std::string& header) {
        HttpRequest request;
        request.url = "/jobs";
        request.headers = {header};
        return send(request).status;
    };
    EXPECT_EQ(status("Host: evil.example"), 403) << "a name that was made to lead here";
    EXPECT_EQ(status("Origin: https://evil.example"), 403);
    EXPECT_EQ(status("Host: localhost"), 200);
    start();
    EXPECT_EQ(status("Origin: " + server_->url()), 200);
}

TEST_F(BadRequests, WithKeysEveryRequestNeedsOne) {
    const std::string key = "sk-test";
    server_options_.gate.keys = ApiKeys::parse(sha256_hex(std::as_bytes(std::span(key))) + " anna\n", "keys");
    server_options_.gate.most_at_once = 2;
    EXPECT_EQ(get("/health").status, 200);
    EXPECT_EQ(get("/jobs").status, 401);
    EXPECT_EQ(reason_of(get("/metrics")), "invalid_api_key");
    token_ = "wrong";
    EXPECT_EQ(get("/jobs").status, 401);
    EXPECT_EQ(post_form("/jobs", {{"file", std::string(1 << 20, '1'), "a.wav"}}).status, 401)
        << "told before the body is read";
    token_ = key;
    EXPECT_EQ(get("/jobs").status, 200);
    wait_for(upload("1 tal"), "succeeded");
}

TEST_F(BadRequests, WithoutKeysTheNetworkIsNotListenedTo) {
    http_options_.host = "0.0.0.0";
    try {
        start();
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("--api-keys"), std::string::npos);
    }
}

TEST_F(BadRequests, OnePortIsForOneServer) {
    start();
    HttpServerOptions second = http_options_;
    second.port = port();
    try {
        const HttpServer other(second, clock_);
        FAIL() << "two servers share a port";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("cannot be had"), std::string::npos);
    }
    expect_alive();
}

TEST_F(BadRequests, ReadyIsSaidWhenTheModelIsThere) {
    std::atomic<bool> go{false};
    load_ = [this, &go]() -> std::shared_ptr<Engine> {
        while (!go) clock_.sleep_ms(2);
        return engine_;
    };
    const HttpResponse loading = get("/ready");
    EXPECT_EQ(loading.status, 503);
    EXPECT_EQ(reason_of(loading), "loading");
    EXPECT_EQ(get("/health").status, 200);
    const std::string id = upload("1 tal");
    go = true;
    wait_for(id, "succeeded");
    EXPECT_EQ(get("/ready").status, 200);
    std::string metrics;
    // A round is counted some moments after its job is finished.
    while (metrics.find("fast_transcribe_jobs_succeeded_total 1\n") == std::string::npos)
        metrics = get("/metrics").body;
    EXPECT_NE(metrics.find("fast_transcribe_http_requests_total{method=\"POST\",path=\"/jobs\",status=\"202\"} 1\n"),
              std::string::npos)
        << metrics;
    EXPECT_NE(metrics.find("# TYPE fast_transcribe_http_request_seconds histogram\n"), std::string::npos);
}

}  // namespace
}  // namespace ft
