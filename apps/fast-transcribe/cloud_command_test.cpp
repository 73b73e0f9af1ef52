// `submit --cloud` and `jobs --cloud` against a stack that is two servers in this process: the API, which checks every
// signature, and the bucket, which checks every form.
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "aws/testing/test_session.h"
#include "base/error.h"
#include "cloud_access.h"
#include "in_temporary_folder.h"
#include "jobs_command.h"
#include "submit_command.h"

namespace ft {
namespace {

using aws::testing::TestReply;
using aws::testing::TestRequest;
using aws::testing::TestServer;
using nlohmann::json;

constexpr const char* key_id = "AKIDOFTHETEST";
constexpr const char* secret = "canary-secret-key";
constexpr const char* token = "canary-session-token";

struct Part {
    std::string head, body;
};

/// The parts of a form, in their order.
std::vector<Part> parts_of(const TestRequest& request) {
    const std::string type = request.headers.at("content-type");
    const std::string mark = "--" + type.substr(type.find("boundary=") + 9);
    std::vector<Part> parts;
    for (size_t at = request.body.find(mark); at != std::string::npos;) {
        const size_t begin = at + mark.size() + 2;
        at = request.body.find(mark, begin);
        if (at == std::string::npos) break;
        const std::string text = request.body.substr(begin, at - 2 - begin);
        const size_t blank = text.find("\r\n\r\n");
        parts.push_back({text.substr(0, blank), text.substr(blank + 4)});
    }
    return parts;
}

class CloudCommand : public InTemporaryFolder {
  protected:
    CloudCommand()
        : bucket_([this](const TestRequest& request) { return on_bucket(request); }),
          api_([this](const TestRequest& request) { return on_api(request); }) {
        variables_ = {{"FT_CLOUD_URL", api_.url()},     {"AWS_REGION", "eu-north-1"},
                      {"AWS_ACCESS_KEY_ID", key_id},    {"AWS_SECRET_ACCESS_KEY", secret},
                      {"AWS_SESSION_TOKEN", token},     {"AWS_EC2_METADATA_DISABLED", "true"},
                      {"HOME", folder_.path().string()}};
    }

    using Command = int (*)(const std::vector<std::string>& arguments, const ApiCommandParts& parts);

    int run(Command command, const std::vector<std::string>& arguments) {
        std::istringstream in;
        out_.str("");
        err_.str("");
        const ApiCommandParts parts{
            .in = in,
            .out = out_,
            .err = err_,
            .variable = [this](const char* name) { return variables_.count(name) > 0 ? variables_[name] : ""; },
            .local_time = [] { return std::tm{.tm_sec = 5, .tm_min = 4, .tm_hour = 3, .tm_mday = 2, .tm_year = 126}; },
            .clock = clock_,
            .interruption = interruption_,
            .poll_ms = 5,
            .patience_ms = 2000,
            .longest_wait_ms = 20,
        };
        try {
            return command(arguments, parts);
        } catch (const Error& error) {
            err_ << error.what();
            return error.code() == ErrorCode::invalid_argument ? 2 : 1;
        }
    }
    void expect_said(const std::string& sentence) {
        EXPECT_NE(err_.str().find(sentence), std::string::npos) << err_.str();
        for (const char* canary : {secret, token})
            EXPECT_EQ((out_.str() + err_.str()).find(canary), std::string::npos) << "secrets are never shown";
    }

    TestReply on_api(const TestRequest& request) {
        const std::lock_guard lock(mutex_);
        if (request.headers.count("authorization") == 0 ||
            !aws::testing::is_signed_rightly(request, "execute-api", "eu-north-1", secret))
            return {.status = 403, .body = R"({"message":"Forbidden"})"};
        if (request.method == "POST" && request.path == "/v1/jobs") return make_job(request);
        if (request.path.starts_with("/v1/jobs/job_1/result")) {
            const std::string url = bucket_.url() + "/results/job_1/1/a.txt?X-Amz-Signature=1";
            return {.status = 302, .headers = {{"Location", url}}, .body = json({{"url", url}}).dump()};
        }
        if (request.path == "/v1/jobs/job_1" || request.path == "/v1/jobs/job_1/cancel")
            return {.body = job(uploads_ > 0 ? "succeeded" : "queued").dump()};
        if (request.path.starts_with("/v1/jobs?")) return {.body = json({{"jobs", {job("queued")}}}).dump()};
        return {.status = 404,
                .body = R"({"error":{"code":"not_found","message":"there is no job of this id","type":"x"}})"};
    }

    static json job(const std::string& state) {
        return {{"job_id", "job_1"}, {"state", state}, {"result", {{"audio_s", 12}}}, {"audio", {{"name", "a.wav"}}}};
    }

    TestReply make_job(const TestRequest& request) {
        wanted_ = json::parse(request.body);
        keys_.push_back(request.headers.at("idempotency-key"));
        json form = {{"url", bucket_.url() + "/data"},
                     {"fields", {{"key", "transcription_upload/api/job_1/a.wav"}, {"policy", "e30="}}}};
        // Once the recording has come there is nothing to upload any more.
        if (uploads_ > 0) form = nullptr;
        TestReply reply{.status = 201, .body = json({{"job", job("queued")}, {"upload", form}}).dump()};
        reply.lost = lose_ > 0 && lose_-- > 0;
        return reply;
    }

    TestReply on_bucket(const TestRequest& request) {
        const std::lock_guard lock(mutex_);
        bucket_saw_authorization_ |= request.headers.count("authorization") > 0;
        if (request.method == "GET") return {.body = "Hej.\n"};
        if (!refusal_.empty()) return {.status = 400, .body = refusal_};
        form_ = parts_of(request);
        ++uploads_;
        TestReply reply{.status = 204};
        reply.lost = lose_upload_ > 0 && lose_upload_-- > 0;
        return reply;
    }

    std::map<std::string, std::string> variables_;
    SystemClock clock_;
    Interruption interruption_;
    std::ostringstream out_, err_;
    std::mutex mutex_;
    int lose_ = 0, lose_upload_ = 0, uploads_ = 0;
    bool bucket_saw_authorization_ = false;
    std::string refusal_;
    json wanted_;
    std::vector<std::string> keys_;
    std::vector<Part> form_;
    TestServer bucket_, api_;
};

TEST_F(CloudCommand, LeavesTheTranscriptWhereTheLocalCommandDoes) {
    const std::string recording(300000, 'r');
    const std::string a = folder_.write("Möte å.wav", recording);
    ASSERT_EQ(run(submit, {"--cloud", "--wait", a}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "transcription_20260102_030405.txt\n");
    EXPECT_EQ(read_file(folder_.path("transcription_20260102_030405.txt")), "Hej.\n");
    EXPECT_EQ(wanted_, json({{"name", "Möte å.wav"}, {"size_bytes", recording.size()}}));
    ASSERT_EQ(form_.size(), 3U);
    EXPECT_NE(form_[0].head.find("name=\"key\""), std::string::npos) << form_[0].head;
    EXPECT_EQ(form_[0].body, "transcription_upload/api/job_1/a.wav");
    EXPECT_NE(form_[2].head.find("name=\"file\""), std::string::npos) << "the file must be the last";
    EXPECT_EQ(form_[2].body, recording);
    const auto upload = bucket_.requests().at(0);
    EXPECT_EQ(upload.headers.at("content-length"), std::to_string(upload.body.size())) << "S3 takes no chunks";
    EXPECT_FALSE(bucket_saw_authorization_) << "presigned requests are refused when they are signed twice";
    expect_said("0:12 of audio");
}

TEST_F(CloudCommand, OptionsAndCallbackTravelInTheRequest) {
    const std::string whsec = folder_.write("secret", "whsec_" + std::string(32, 'A') + "\n");
    const std::string a = folder_.write("a.wav", "1");
    ASSERT_EQ(run(submit, {"--cloud", "--language", "Norwegian", "--word_timestamps", "--metadata", R"({"case": 17})",
                           "--callback", "https://crm.example.org/hook", "--callback_types", "completed",
                           "--callback_secret_file", whsec, a}),
              0)
        << err_.str();
    EXPECT_EQ(out_.str(), "job_1  " + a + "\n");
    EXPECT_EQ(wanted_["options"], json({{"language", "Norwegian"}, {"word_timestamps", "true"}}));
    EXPECT_EQ(wanted_["metadata"], json({{"case", 17}}));
    EXPECT_EQ(wanted_["callback"], json({{"url", "https://crm.example.org/hook"},
                                         {"types", {"transcription.completed"}},
                                         {"secrets", {"whsec_" + std::string(32, 'A')}}}));
}

TEST_F(CloudCommand, LostAnswersMakeNoSecondJobAndNoSecondUpload) {
    lose_ = 1;
    lose_upload_ = 1;
    ASSERT_EQ(run(submit, {"--cloud", folder_.write("a.wav", "1")}), 0) << err_.str();
    ASSERT_EQ(keys_.size(), 3U);
    EXPECT_EQ(keys_[0], keys_[1]);
    EXPECT_EQ(keys_[1], keys_[2]);
    EXPECT_EQ(uploads_, 1);
}

TEST_F(CloudCommand, WhatS3RefusesIsSaid) {
    refusal_ =
        "<?xml version=\"1.0\"?><Error><Code>EntityTooLarge</Code><Message>Your proposed upload exceeds the "
        "maximum allowed size</Message></Error>";
    EXPECT_EQ(run(submit, {"--cloud", folder_.write("a.wav", "1")}), 1);
    expect_said("a.wav: S3 does not take the recording: EntityTooLarge (HTTP 400): Your proposed upload exceeds");
}

TEST_F(CloudCommand, JobsAreListedShownAndCancelled) {
    EXPECT_EQ(run(jobs, {"list", "--cloud", "--search", "å b/c"}), 0) << err_.str();
    EXPECT_NE(out_.str().find("job_1"), std::string::npos);
    EXPECT_EQ(run(jobs, {"show", "job_1", "--cloud", "--json"}), 0) << err_.str();
    EXPECT_EQ(run(jobs, {"result", "job_1", "--cloud"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "Hej.\n");
    EXPECT_EQ(run(jobs, {"cancel", "job_1", "--cloud"}), 0) << err_.str();
    EXPECT_EQ(run(jobs, {"show", "job_2", "--cloud"}), 1);
    expect_said("job_2: there is no job of this id");
}

TEST_F(CloudCommand, WhoMayNotIsTold) {
    variables_["AWS_SECRET_ACCESS_KEY"] = "another-key";
    EXPECT_EQ(run(jobs, {"list", "--cloud"}), 1);
    expect_said("answers 403: Forbidden; the AWS credentials in use may not call it");
    variables_.erase("AWS_ACCESS_KEY_ID");
    EXPECT_EQ(run(jobs, {"list", "--cloud"}), 1);
    expect_said("credentials");
}

TEST_F(CloudCommand, TheAddressComesFromTheFlagTheVariableOrTheFile) {
    variables_["FT_CLOUD_URL"] = "http://127.0.0.1:1";
    EXPECT_EQ(run(jobs, {"list", "--cloud", "--server", api_.url() + "/v1/"}), 0) << err_.str();
    variables_.erase("FT_CLOUD_URL");
    EXPECT_EQ(run(jobs, {"list", "--cloud"}), 2);
    expect_said("give the API's address with --server or $FT_CLOUD_URL");
    std::filesystem::create_directories(folder_ / ".config/fast-transcribe");
    const std::string file = ".config/fast-transcribe/cloud.json";
    variables_.erase("AWS_REGION");
    folder_.write(file, json({{"api_url", api_.url()}, {"region", "eu-north-1"}, {"stack", "transcriber"}}).dump());
    EXPECT_EQ(run(jobs, {"list", "--cloud"}), 0) << err_.str();
    folder_.write(file, "{}");
    EXPECT_EQ(run(jobs, {"list", "--cloud"}), 2);
    expect_said("cloud.json: names no api_url");
    EXPECT_EQ(run(jobs, {"list", "--cloud", "--server", "ftp://x"}), 2);
    expect_said("--server ftp://x: must be the API's address");
    EXPECT_EQ(find_cloud("https://abc.execute-api.eu-west-1.amazonaws.com", [](const char*) { return ""; }).region,
              "eu-west-1");
}

TEST_F(CloudCommand, WhatTheCloudCannotTakeIsRefusedBeforeItIsAsked) {
    EXPECT_EQ(run(submit, {"--cloud", "https://example.org/talk.mp3"}), 1);
    expect_said("the cloud fetches no addresses");
    EXPECT_EQ(run(submit, {"--cloud", "-"}), 1);
    expect_said("must know a recording's size");
    EXPECT_EQ(api_.requests().size(), 0U);
}

}  // namespace
}  // namespace ft
