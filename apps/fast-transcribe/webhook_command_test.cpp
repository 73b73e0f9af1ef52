// fast-transcribe webhook verify|listen|secret, and the receiver behind listen.
#include "webhook_command.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "in_temporary_folder.h"
#include "net/http_client.h"
#include "webhook_listener.h"

namespace ft {
namespace {

constexpr const char* kSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
constexpr const char* kOther = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
constexpr const char* kBody = R"({"type":"transcription.completed","data":{"job_id":"job_7","text":"hej"}})";

class FixedClock : public SystemClock {
  public:
    int64_t wall_ms() const override { return 1700000000000; }
};

class WebhookCommand : public InTemporaryFolder {
  protected:
    int run(const std::vector<std::string>& arguments, const std::string& input = {}) {
        std::istringstream in(input);
        out.str("");
        err.str("");
        const WebhookCommandParts parts{in,    out,          err,  [this](const char*) { return variable; },
                                        clock, interruption, false};
        int exit_code = 0;
        CLI::App app;
        add_webhook_command(app, parts, exit_code);
        std::vector<std::string> all{"webhook"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        app.parse(std::vector<std::string>(all.rbegin(), all.rend()));
        return exit_code;
    }
    /// As run(), when it is wrong usage: the sentence.
    std::string refusal(const std::vector<std::string>& arguments, const std::string& input = {}) {
        try {
            run(arguments, input);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            return error.what();
        }
        return "";
    }
    static std::string headers(const char* secret = kSecret, int64_t at_s = 1700000000) {
        const WebhookHeaders signed_headers = sign_webhook({WebhookSecret::parse(secret)}, "msg_1", at_s, kBody);
        return "webhook-id: msg_1\r\nWebhook-Timestamp: " + signed_headers.timestamp +
               "\r\nWEBHOOK-SIGNATURE:" + signed_headers.signature + "\r\nHost: example.org\r\n";
    }
    bool said(const std::string& sentence) const { return err.str().find(sentence) != std::string::npos; }

    std::string variable = kSecret;
    FixedClock clock;
    Interruption interruption;
    std::ostringstream out, err;
};

TEST_F(WebhookCommand, VerifyReadsAWholeMessage) {
    for (const std::string& first : {std::string(), std::string("POST /hook HTTP/1.1\r\n")}) {
        EXPECT_EQ(run({"verify"}, first + headers() + "\r\n" + kBody), 0) << err.str();
        EXPECT_EQ(out.str(), "transcription.completed msg_1 of job_7: the signature holds\n");
    }
    write_file_atomically("message", headers() + "\n" + kBody);
    EXPECT_EQ(run({"verify", "message"}), 0);
    write_file_atomically("headers", headers());
    write_file_atomically("body", kBody);
    EXPECT_EQ(run({"verify", "--headers", "headers", "body"}), 0);
    EXPECT_EQ(run({"verify", "--headers", "headers"}, kBody), 0);
}

TEST_F(WebhookCommand, VerifySaysWhatIsWrong) {
    EXPECT_EQ(run({"verify"}, headers() + "\r\n" + kBody + "\n"), 1);  // an editor's line end
    EXPECT_TRUE(said("standard input: the signature does not hold")) << err.str();
    EXPECT_EQ(out.str(), "");
    EXPECT_EQ(run({"verify"}, headers(kOther) + "\r\n" + kBody), 1);
    EXPECT_EQ(run({"verify"}, headers(kSecret, 1699999000) + "\r\n" + kBody), 1);
    EXPECT_TRUE(said("5 minutes back"));
    EXPECT_EQ(run({"verify", "--any-age"}, headers(kSecret, 1699999000) + "\r\n" + kBody), 0);
    EXPECT_EQ(run({"verify"}, std::string("a: b\n\n") + kBody), 1);
    EXPECT_TRUE(said("is missing"));
    EXPECT_EQ(run({"verify"}, ""), 1);
    EXPECT_EQ(run({"verify"}, kBody), 1);  // no headers at all
    EXPECT_EQ(run({"verify"}, "no header\n\nx"), 1);
    EXPECT_TRUE(said("standard input, line 1"));
    EXPECT_THROW(run({"verify", "nowhere"}), Error);
}

TEST_F(WebhookCommand, SecretsComeFromAFileOrTheEnvironment) {
    write_file_atomically("keys", std::string("# old, new\n") + kOther + "\n" + kSecret + "\n");
    variable = "";
    EXPECT_EQ(run({"verify", "--secret_file", "keys"}, headers() + "\n" + kBody), 0);
    EXPECT_EQ(run({"verify", "--secret-file", "keys"}, headers(kOther) + "\n" + kBody), 0);
    EXPECT_NE(refusal({"verify"}, "x").find("FAST_TRANSCRIBE_WEBHOOK_SECRET"), std::string::npos);
    variable = "whsec_cut";
    EXPECT_NE(refusal({"verify"}, "x").find("FAST_TRANSCRIBE_WEBHOOK_SECRET, line 1"), std::string::npos);
    EXPECT_EQ(refusal({"verify"}, "x").find("whsec_cut"), std::string::npos);
    EXPECT_THROW(run({"verify", "--secret", kSecret}), CLI::ParseError);
}

TEST_F(WebhookCommand, SecretMakesOneThatVerifyTakes) {
    EXPECT_EQ(run({"secret"}), 0);
    std::string secret = out.str();
    ASSERT_EQ(secret.back(), '\n');
    secret.pop_back();
    variable = secret;
    EXPECT_EQ(run({"verify"}, headers(secret.c_str()) + "\n" + kBody), 0);
    EXPECT_EQ(run({"secret", "-o", "key"}), 0);
    EXPECT_EQ(out.str(), "");
    struct stat info = {};
    ASSERT_EQ(::stat("key", &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    const std::string kept = read_file("key");
    EXPECT_NE(refusal({"secret", "-o", "key"}).find("is there already"), std::string::npos);
    EXPECT_EQ(read_file("key"), kept);
    EXPECT_THROW(run({"secret", "-o", "no/folder/key"}), Error);
}

class Listening : public ::testing::Test {
  protected:
    static HttpRequest message(int port, const std::string& signature_from = kSecret) {
        const WebhookHeaders headers = sign_webhook({WebhookSecret::parse(signature_from)}, "msg_1", 1700000000, kBody);
        HttpRequest request;
        request.url = "http://127.0.0.1:" + std::to_string(port) + "/any/path";
        request.method = "POST";
        request.body = kBody;
        request.headers = {"webhook-id: " + headers.id, "webhook-timestamp: " + headers.timestamp,
                           "webhook-signature: " + headers.signature};
        return request;
    }
    static HttpClient client() {
        HttpOptions options;
        options.use_proxy = false;
        return HttpClient(options);
    }
};

TEST_F(Listening, GivesWhatCameAndEndsAfterTheCount) {
    std::vector<ReceivedWebhook> received;
    WebhookListener listener(0, [&](const ReceivedWebhook& message) {
        received.push_back(message);
        return received.size() == 1 ? 204 : 500;
    });
    std::thread thread([&] { listener.run(2); });
    EXPECT_EQ(client().send_once(message(listener.port())).status, 204);
    EXPECT_EQ(client().send_once(message(listener.port())).status, 500);
    thread.join();
    ASSERT_EQ(received.size(), 2U);
    EXPECT_EQ(received[0].body, kBody);
    EXPECT_EQ(received[0].headers.id, "msg_1");
    EXPECT_EQ(verify_webhook({WebhookSecret::parse(kSecret)}, received[0].headers, received[0].body, 1700000000),
              WebhookVerdict::valid);
}

TEST_F(Listening, StopsAtAnyTime) {
    WebhookListener before(0, [](const ReceivedWebhook&) { return 204; });
    before.stop();
    before.run(0);
    WebhookListener during(0, [](const ReceivedWebhook&) { return 204; });
    std::thread thread([&] { during.run(0); });
    EXPECT_EQ(client().send_once(message(during.port())).status, 204);
    during.stop();
    thread.join();
}

TEST_F(Listening, ATakenPortIsSaid) {
    WebhookListener first(0, [](const ReceivedWebhook&) { return 204; });
    try {
        WebhookListener second(first.port(), [](const ReceivedWebhook&) { return 204; });
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("--port"), std::string::npos);
    }
    first.stop();
    first.run(0);
}

/// What can be read by one thread while another writes.
class LineBuffer : public std::streambuf {
  public:
    std::string line() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return text_.find('\n') != std::string::npos; });
        const std::string line = text_.substr(0, text_.find('\n'));
        text_.erase(0, line.size() + 1);
        return line;
    }

  protected:
    int overflow(int c) override {
        const std::lock_guard lock(mutex_);
        text_ += static_cast<char>(c);
        changed_.notify_all();
        return c;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string text_;
};

TEST_F(Listening, TheCommandShowsEachMessageAndItsVerdict) {
    LineBuffer buffer;
    std::ostream out(&buffer);
    std::istringstream in;
    const FixedClock clock;
    Interruption interruption;
    const WebhookCommandParts parts{in, out, out, [](const char*) { return kSecret; }, clock, interruption, false};
    int exit_code = 0;
    std::thread thread([&] {
        CLI::App app;
        add_webhook_command(app, parts, exit_code);
        app.parse("webhook listen --port 0 --count 3", false);
    });
    const std::string first = buffer.line();
    const std::string begin = "listening on http://127.0.0.1:";
    EXPECT_TRUE(first.starts_with(begin)) << first;
    const int port = first.size() > begin.size() ? std::stoi(first.substr(begin.size())) : 0;
    EXPECT_EQ(client().send_once(message(port)).status, 204);
    EXPECT_EQ(client().send_once(message(port)).status, 204);
    EXPECT_EQ(client().send_once(message(port, kOther)).status, 401);
    thread.join();
    const std::string shown = "2023-11-14T22:13:20.000Z transcription.completed msg_1 of job_7: ";
    EXPECT_EQ(buffer.line(), shown + "the signature holds; answered 204");
    EXPECT_EQ(buffer.line(), shown + "the signature holds (it has come before); answered 204");
    EXPECT_TRUE(
        buffer.line().ends_with("the signature does not hold: another secret, or id, time or body are not as "
                                "they were sent; answered 401"));
    EXPECT_EQ(exit_code, 0);
}

TEST(ReceivedWebhook, SummariesStayOnOneLine) {
    EXPECT_EQ(summary_of({{"msg_1", "", ""}, "{}"}), "2 bytes without a type msg_1");
    EXPECT_EQ(summary_of({{}, "\xff{"}), "2 bytes without a type");
    EXPECT_EQ(summary_of({{}, R"([{"type":7}])"}), "12 bytes without a type");
    EXPECT_EQ(summary_of({{}, R"({"type":"a\nb","data":[]})"}).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace ft
