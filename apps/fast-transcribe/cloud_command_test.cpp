// `submit --cloud` and `jobs --cloud` against the API's own handler, behind a gateway that checks signatures.
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "api_client.h"
#include "base/error.h"
#include "base/file.h"
#include "cloud_access.h"
#include "cloud_stack.h"
#include "in_temporary_folder.h"
#include "jobs_command.h"
#include "submit_command.h"

namespace ft {
namespace {

using nlohmann::json;

std::tm at_three_o_clock() {
    std::tm time{};
    time.tm_year = 126;
    time.tm_mday = 2;
    time.tm_hour = 3;
    time.tm_min = 4;
    time.tm_sec = 5;
    return time;
}

class CloudCommand : public InTemporaryFolder {
  protected:
    CloudCommand() {
        variables_ = {{"FT_CLOUD_URL", stack_.api_url()},        {"AWS_REGION", CloudStack::region},
                      {"AWS_ACCESS_KEY_ID", CloudStack::key_id}, {"AWS_SECRET_ACCESS_KEY", CloudStack::secret},
                      {"AWS_SESSION_TOKEN", CloudStack::token},  {"AWS_EC2_METADATA_DISABLED", "true"},
                      {"HOME", folder_.path().string()}};
    }

    using Command = int (*)(const std::vector<std::string>& arguments, const ApiCommandParts& parts);

    /// Its exit code, as main has it. Whatever is said: no secret is.
    int run(Command command, const std::vector<std::string>& arguments) {
        std::istringstream in;
        out_.str("");
        err_.str("");
        const ApiCommandParts parts{
            .in = in,
            .out = out_,
            .err = err_,
            .variable = [this](const char* name) { return variables_.count(name) > 0 ? variables_[name] : ""; },
            .local_time = at_three_o_clock,
            .clock = clock_,
            .interruption = interruption_,
            .poll_ms = 5,
            .cloud_poll_ms = 5,
            .patience_ms = 2000,
            .longest_wait_ms = 20,
        };
        int exit_code = 0;
        try {
            exit_code = command(arguments, parts);
        } catch (const Error& error) {
            err_ << error.what();
            exit_code = error.code() == ErrorCode::invalid_argument ? 2 : 1;
        }
        for (const char* canary : {CloudStack::secret, CloudStack::token})
            EXPECT_EQ((out_.str() + err_.str()).find(canary), std::string::npos) << "secrets are never shown";
        return exit_code;
    }
    int submit_cloud(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "--cloud");
        return run(submit, arguments);
    }
    int jobs_cloud(std::vector<std::string> arguments) {
        arguments.emplace_back("--cloud");
        return run(jobs, arguments);
    }
    void expect_said(const std::string& sentence) {
        EXPECT_NE(err_.str().find(sentence), std::string::npos) << err_.str();
    }
    int asked_for_jobs() const { return stack_.api().count("POST", "/v1/jobs"); }

    std::map<std::string, std::string> variables_;
    SystemClock clock_;
    Interruption interruption_;
    std::ostringstream out_, err_;
    CloudStack stack_;
};

TEST_F(CloudCommand, LeavesTheTranscriptWhereTheLocalCommandDoes) {
    const std::string recording = "Hej. " + std::string(300000, 'r');
    const std::string a = folder_.write("Möte å+b.wav", recording);
    ASSERT_EQ(submit_cloud({"--wait", a}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "transcription_20260102_030405.txt\n");
    EXPECT_EQ(read_file(folder_.path("transcription_20260102_030405.txt")), recording + "\n");
    const std::string key = "transcription_upload/api/" + stack_.only_job() + "/Möte å+b.wav";
    EXPECT_EQ(stack_.recordings(), (std::map<std::string, std::string>{{key, recording}}));
    expect_said("0:12 of audio");
}

TEST_F(CloudCommand, SeveralFilesAreCalledAsTheirInputs) {
    const std::string a = folder_.write("a.wav", "ett"), b = folder_.write("b.mp3", "broken"),
                      c = folder_.write("c.mp3", "tre");
    EXPECT_EQ(submit_cloud({"--wait", "-f", "txt,srt", "-o", folder_.path("out"), a, b, c}), 1);
    EXPECT_EQ(read_file(folder_.path("out/a.txt")), "ett\n");
    EXPECT_EQ(read_file(folder_.path("out/c.srt")).substr(0, 2), "1\n");
    expect_said("b.mp3: the recording is a text file, not audio");
    expect_said("1 of 3 inputs failed");
}

TEST_F(CloudCommand, OptionsAndCallbackTravelInTheRequest) {
    const std::string whsec = folder_.write("secret", "whsec_" + std::string(32, 'A') + "\n");
    const std::string a = folder_.write("a.wav", "1");
    ASSERT_EQ(submit_cloud({"--language", "Norwegian", "--word_timestamps", "--beam_size", "3", "--metadata",
                            R"({"case": 17})", "--callback", "https://crm.example.org/hook", "--callback_types",
                            "completed", "--callback_secret_file", whsec, a}),
              0)
        << err_.str();
    const Job job = *stack_.jobs().get(stack_.only_job());
    EXPECT_EQ(out_.str(), job.id + "  " + a + "\n");
    const json options = json::parse(job.options);
    EXPECT_EQ(options.at("language"), "no");
    EXPECT_EQ(options.at("word_timestamps"), true);
    EXPECT_EQ(options.at("beam_size"), 3);
    EXPECT_EQ(json::parse(job.metadata), json({{"case", 17}}));
    EXPECT_EQ(job.callback.url, "https://crm.example.org/hook");
    EXPECT_EQ(job.callback.types, std::vector<std::string>{"transcription.completed"});
    EXPECT_EQ(job.callback.secrets, std::vector<std::string>{"whsec_" + std::string(32, 'A')});
}

TEST_F(CloudCommand, LostAnswersMakeNoSecondJobAndNoSecondUpload) {
    stack_.set({.lost_answers = 1, .lost_uploads = 1});
    ASSERT_EQ(submit_cloud({folder_.write("a.wav", "1")}), 0) << err_.str();
    EXPECT_EQ(asked_for_jobs(), 3);
    EXPECT_NE(stack_.only_job(), "");
    EXPECT_EQ(stack_.bucket().count("POST", "/"), 1) << "the third answer had no form: the recording was there";
}

TEST_F(CloudCommand, ARecordingThatNobodyHasHeardOfIsSentAgain) {
    stack_.set({.lost_uploads = 1, .events_are_late = true});
    ASSERT_EQ(submit_cloud({folder_.write("a.wav", "1")}), 0) << err_.str();
    EXPECT_EQ(stack_.bucket().count("POST", "/"), 2);
    stack_.deliver_events();
    EXPECT_EQ(stack_.jobs().get(stack_.only_job())->state, JobState::succeeded) << "two events, one job";
}

TEST_F(CloudCommand, WhatPassesByItselfIsTriedAgain) {
    stack_.set({.failing_uploads = 2, .failing_links = 1, .throttled = 1});
    ASSERT_EQ(submit_cloud({"--wait", folder_.write("a.wav", "Hej.")}), 0) << err_.str();
    EXPECT_NE(stack_.only_job(), "");
    expect_said("S3 does not give the transcript: SlowDown (HTTP 503)");
    expect_said("trying again");
    stack_.set({.failing_uploads = 100});
    EXPECT_EQ(submit_cloud({folder_.write("b.wav", "1")}), 1);
    expect_said("b.wav: S3 does not take the recording: SlowDown (HTTP 503): Please reduce your request rate");
}

TEST_F(CloudCommand, WhatS3RefusesIsSaid) {
    stack_.set({.forbids_uploads = true});
    EXPECT_EQ(submit_cloud({folder_.write("a.wav", "1")}), 1);
    expect_said("a.wav: S3 does not take the recording: AccessDenied (HTTP 403): Access Denied");
    EXPECT_EQ(asked_for_jobs(), 1) << "asking again gives the same";
}

TEST_F(CloudCommand, ALinkThatHasExpiredIsAskedForAnew) {
    ASSERT_EQ(submit_cloud({folder_.write("a.wav", "Hej.")}), 0) << err_.str();
    const std::string id = stack_.only_job();
    stack_.set({.expired_links = 1});
    EXPECT_EQ(jobs_cloud({"result", id}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "Hej.\n");
    stack_.set({.expired_links = 2});
    EXPECT_EQ(jobs_cloud({"result", "job_none", id}), 1);
    expect_said("job_none: there is no such job");
    expect_said(id + ": S3 does not give the transcript: AccessDenied (HTTP 403): Request has expired");
}

TEST_F(CloudCommand, JobsAreListedShownCancelledAndTriedAgain) {
    stack_.set({.works = false});
    ASSERT_EQ(submit_cloud({folder_.write("å b.wav", "1"), "--metadata", "[1]"}), 0) << err_.str();
    const std::string id = stack_.only_job();
    EXPECT_EQ(jobs_cloud({"list", "--search", "å B", "--state", "queued,running"}), 0) << err_.str();
    EXPECT_EQ(out_.str().substr(0, id.size() + 8), id + "  queued");
    EXPECT_EQ(jobs_cloud({"list", "--search", "another"}), 0);
    EXPECT_EQ(out_.str(), "");
    EXPECT_EQ(jobs_cloud({"show", id}), 0) << err_.str();
    EXPECT_NE(out_.str().find("file       å b.wav\n"), std::string::npos) << out_.str();
    EXPECT_EQ(jobs_cloud({"result", id}), 1);
    expect_said(id + ": the job is queued: there is no result yet");
    EXPECT_EQ(jobs_cloud({"cancel", id}), 0) << err_.str();
    EXPECT_NE(out_.str().find(id + "  cancelled"), std::string::npos) << out_.str();
    EXPECT_EQ(jobs_cloud({"retry", id}), 0) << err_.str();
    EXPECT_NE(out_.str().find(id + "  queued"), std::string::npos) << out_.str();
    stack_.set({});
    ASSERT_EQ(submit_cloud({folder_.write("done.wav", "1")}), 0) << err_.str();
    const std::string done = out_.str().substr(0, out_.str().find(' '));
    EXPECT_EQ(jobs_cloud({"retry", done, id}), 1) << "the others are tried all the same";
    EXPECT_NE(out_.str().find(id + "  queued"), std::string::npos) << out_.str();
    expect_said(done + ": the job is succeeded: only what is failed, dead or cancelled can be tried again");
    EXPECT_EQ(jobs_cloud({"show", "../metrics"}), 1);
    EXPECT_EQ(jobs_cloud({"list", "--state", "asleep"}), 1);
    expect_said("asleep");
}

TEST_F(CloudCommand, MessagesAreListedAndSentAgain) {
    ASSERT_EQ(submit_cloud({folder_.write("a.wav", "1"), "--callback", "https://crm.example.org/hook"}), 0);
    const std::string id = stack_.only_job();
    EXPECT_EQ(jobs_cloud({"deliveries", id}), 0) << err_.str();
    EXPECT_NE(out_.str().find("transcription.completed  https://crm.example.org/hook"), std::string::npos);
    const std::string event = out_.str().substr(0, out_.str().find(' '));
    const auto due = stack_.jobs().claim_events(1, 60000);
    ASSERT_EQ(due.size(), 1U);
    DeliveryAttempt attempt;
    attempt.http_status = 410;
    stack_.jobs().record_delivery(due[0], attempt, {EventState::disabled, 0});
    EXPECT_EQ(jobs_cloud({"deliveries", id}), 0);
    EXPECT_NE(out_.str().find("disabled"), std::string::npos) << out_.str();
    EXPECT_NE(out_.str().find("answered 410"), std::string::npos) << out_.str();
    EXPECT_EQ(jobs_cloud({"replay", id, event}), 0) << err_.str();
    EXPECT_NE(out_.str().find("pending"), std::string::npos) << out_.str();
    EXPECT_EQ(jobs_cloud({"replay", id, "msg_none"}), 1);
    expect_said("the job has no such message");
}

TEST_F(CloudCommand, InterruptedItLeavesTheJobToTheCloud) {
    stack_.set({.works = false});
    std::thread signal([this] {
        for (int i = 0; i < 5000 && stack_.api().count("GET", "/v1/jobs/") == 0; ++i) clock_.sleep_ms(2);
        interruption_.request(2);
    });
    EXPECT_EQ(submit_cloud({"--wait", folder_.write("a.wav", "1")}), 130);
    signal.join();
    expect_said("a.wav: goes on as job " + stack_.only_job());
    EXPECT_FALSE(std::filesystem::exists("transcription_20260102_030405.txt"));
}

TEST_F(CloudCommand, WhoMayNotIsTold) {
    variables_["AWS_SECRET_ACCESS_KEY"] = "another-key";
    EXPECT_EQ(jobs_cloud({"list"}), 1);
    expect_said("answers 403: Forbidden; the AWS credentials in use may not call it");
    EXPECT_EQ(submit_cloud({folder_.write("a.wav", "1")}), 1);
    expect_said("a.wav: " + stack_.api_url() + "/v1 answers 403");
    EXPECT_EQ(asked_for_jobs(), 1) << "asking again gives the same";
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) variables_.erase(name);
    EXPECT_EQ(jobs_cloud({"list"}), 1);
    expect_said("no AWS credentials were found");
    EXPECT_EQ(submit_cloud({folder_.write("a.wav", "1")}), 1);
    expect_said("a.wav: no AWS credentials were found");
    EXPECT_EQ(asked_for_jobs(), 1) << "without credentials nothing is asked";
}

TEST_F(CloudCommand, AClockThatGoesWrongIsMadeUpFor) {
    for (const auto ahead : {std::chrono::hours(1), std::chrono::hours(-30)}) {
        stack_.set({.ahead_by = ahead});
        EXPECT_EQ(jobs_cloud({"list"}), 0) << err_.str();
    }
}

TEST_F(CloudCommand, TheAddressComesFromTheFlagTheVariableOrTheFile) {
    variables_["FT_CLOUD_URL"] = "http://127.0.0.1:1";
    EXPECT_EQ(jobs_cloud({"list", "--server", stack_.api_url() + "/v1/"}), 0) << err_.str();
    EXPECT_EQ(jobs_cloud({"list"}), 1);
    expect_said("cannot be reached");
    expect_said("deploy/aws/verify.sh");
    variables_.erase("FT_CLOUD_URL");
    EXPECT_EQ(jobs_cloud({"list"}), 2);
    expect_said("Give the API's address with --server or $FT_CLOUD_URL");
    std::filesystem::create_directories(folder_ / ".config/fast-transcribe");
    const std::string file = ".config/fast-transcribe/cloud.json";
    variables_.erase("AWS_REGION");
    folder_.write(
        file, json({{"api_url", stack_.api_url()}, {"region", CloudStack::region}, {"stack", "transcriber"}}).dump());
    EXPECT_EQ(jobs_cloud({"list"}), 0) << err_.str();
    for (const char* text : {"", "{}", "{\"api_url\": 7}", "[]"}) {
        folder_.write(file, text);
        EXPECT_EQ(jobs_cloud({"list"}), 2) << text;
        expect_said("cloud.json: names no api_url");
    }
}

TEST_F(CloudCommand, WrongAddressesAreSaid) {
    EXPECT_EQ(jobs_cloud({"list", "--server", "ftp://x"}), 2);
    expect_said("--server ftp://x: must be the API's address");
    EXPECT_EQ(jobs_cloud({"list", "--server", "http://asr.example.org"}), 2);
    expect_said("must begin with https://");
    EXPECT_EQ(jobs_cloud({"list", "--api_key_file", "key"}), 2);
    expect_said("--api_key_file and --cloud");
    testing::TestServer page([](const testing::TestRequest&) { return testing::TestReply{.body = "<html>"}; });
    EXPECT_EQ(jobs_cloud({"list", "--server", page.url()}), 1);
    EXPECT_EQ(submit_cloud({"--server", page.url(), folder_.write("a.wav", "1")}), 1);
    expect_said("is the address right?");
    testing::TestServer other([](const testing::TestRequest&) {
        return testing::TestReply{.status = 404, .body = R"({"message":"Not Found"})"};
    });
    EXPECT_EQ(jobs_cloud({"list", "--server", other.url()}), 1);
    expect_said("answers 404: Not Found; is the address right?");
}

TEST_F(CloudCommand, WhatTheCloudCannotTakeIsRefused) {
    EXPECT_EQ(submit_cloud({"https://example.org/talk.mp3"}), 1);
    expect_said("the cloud fetches no addresses");
    EXPECT_EQ(submit_cloud({"-"}), 1);
    expect_said("must know a recording's size");
    EXPECT_EQ(submit_cloud({folder_.write("empty.wav", "")}), 1);
    expect_said("empty.wav: is empty");
    EXPECT_EQ(stack_.api().requests().size(), 0U);
    EXPECT_EQ(submit_cloud({folder_.write("long.wav", std::string((size_t{1} << 20) + 1, 'r'))}), 1);
    expect_said("long.wav: size_bytes must be 1 to 1048576");
    EXPECT_EQ(submit_cloud({"--callback", "ftp://x", folder_.write("a.wav", "1")}), 1);
    expect_said("a.wav: ");
    EXPECT_EQ(stack_.bucket().requests().size(), 0U);
}

TEST(CloudAddress, KnowsItsRegion) {
    const auto none = [](const char*) { return std::string(); };
    const CloudAddress address = find_cloud("https://abc.execute-api.eu-west-1.amazonaws.com", none);
    EXPECT_EQ(address.url, "https://abc.execute-api.eu-west-1.amazonaws.com/v1");
    EXPECT_EQ(address.region, "eu-west-1");
    EXPECT_EQ(find_cloud("https://asr.example.org/v1/", none).region, "");
}

}  // namespace
}  // namespace ft
