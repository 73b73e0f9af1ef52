#include "submit_command.h"

#include <fstream>
#include <thread>

#include "api_access.h"
#include "api_command_fixture.h"
#include "base/sha256.h"
#include "net/testing/test_server.h"

namespace ft {
namespace {

using nlohmann::json;

class SubmitCommand : public ApiCommandTest {
  protected:
    int submit_files(const std::vector<std::string>& arguments, const std::string& input = "") {
        return run(submit, arguments, input);
    }
    json newest_job() { return json_of(get("/jobs"))["jobs"][0]; }
};

TEST_F(SubmitCommand, WritesTranscriptsAsTheLocalCommandDoes) {
    const std::string a = folder_.write("möte a.wav", "2 tal"), b = folder_.write("b.mp3", "1 annat");
    EXPECT_EQ(submit_files({"--wait", "-f", "srt,json", "-o", folder_.path("out"), a, b}), 0) << err();
    const std::string srt = folder_.path("out/möte a.srt"), other = folder_.path("out/b.srt");
    EXPECT_EQ(out(),
              srt + "\n" + folder_.path("out/möte a.json") + "\n" + other + "\n" + folder_.path("out/b.json") + "\n");
    EXPECT_NE(content("out/möte a.srt").find("00:00:11,000 --> 00:00:19,000\ntal 1."), std::string::npos);
    EXPECT_EQ(json::parse(content("out/b.json"))["metadata"]["file"], "b.mp3");
    EXPECT_NE(err().find("0:20 of audio"), std::string::npos) << err();
}

TEST_F(SubmitCommand, WithoutWaitingItSaysWhichJobsItMade) {
    const std::string a = folder_.write("a.wav", "1 a");
    EXPECT_EQ(submit_files({a}), 0) << err();
    const std::string id = newest_job()["job_id"];
    EXPECT_EQ(out(), id + "  " + a + "\n");
    wait_for(id, "succeeded");
}

TEST_F(SubmitCommand, OptionsMetadataAndCallbackGoAlong) {
    const std::string secret = folder_.write("secret", "whsec_" + std::string(32, 'A') + "\n");
    const std::string a = folder_.write("a.wav", "1 a");
    EXPECT_EQ(submit_files({"--language", "Norwegian", "--beam-size", "3", "--word_timestamps", "--metadata",
                            R"({"case": "Åsa"})", "--callback", "http://127.0.0.1:9/hook", "--callback_types",
                            "completed,transcription.failed", "--callback_secret_file", secret, a}),
              0)
        << err();
    const json job = newest_job();
    EXPECT_EQ(job["options"]["language"], "no");
    EXPECT_EQ(job["options"]["beam_size"], 3);
    EXPECT_EQ(job["options"]["word_timestamps"], true);
    EXPECT_EQ(job["metadata"], json::parse(R"({"case": "Åsa"})"));
    EXPECT_EQ(job["callback"]["url"], "http://127.0.0.1:9/hook");
    EXPECT_EQ(job["callback"]["types"], json({"transcription.completed", "transcription.failed"}));
}

TEST_F(SubmitCommand, TakesStandardInputAndAddresses) {
    const std::string out = folder_.path("out");
    EXPECT_EQ(submit_files({"--wait", "-o", out, "-f", "txt", "-"}, "2 in"), 0) << err();
    EXPECT_EQ(content("out/stdin.txt"), "in 0.\nin 1.\n");
    testing::TestServer audio([](const testing::TestRequest&) { return testing::TestReply{.body = "1 web"}; });
    EXPECT_EQ(submit_files({"--wait", "-o", out, "-f", "txt", audio.url() + "/talk.wav?sig=1"}), 0) << err();
    EXPECT_EQ(content("out/talk.txt"), "web 0.\n");
}

TEST_F(SubmitCommand, ALargeFileArrivesWhole) {
    std::string recording = "1 long";
    for (int i = 0; recording.size() < (size_t{5} << 20); ++i) recording += " " + std::to_string(i) + "\r\n--form-";
    EXPECT_EQ(submit_files({folder_.write("long.wav", recording)}), 0) << err();
    const std::string id = newest_job()["job_id"];
    EXPECT_EQ(newest_job()["audio"]["size_bytes"], recording.size());
    EXPECT_EQ(service_->objects().read("inputs/" + id + "/audio", 0, size_t{8} << 20), recording);
}

TEST_F(SubmitCommand, OneBadInputDoesNotKeepTheOthersFromBeingDone) {
    const std::string good = folder_.write("good.wav", "1 good"), bad = folder_.write("bad.wav", "broken");
    EXPECT_EQ(submit_files({"--wait", "-o", folder_.path("out"), "-f", "txt", folder_.path("gone.wav"), bad, good}), 1);
    EXPECT_EQ(content("out/good.txt"), "good 0.\n");
    EXPECT_NE(err().find("gone.wav: there is no such file"), std::string::npos) << err();
    EXPECT_NE(err().find("is a text file, not audio"), std::string::npos) << err();
    EXPECT_NE(err().find("2 of 3 inputs failed"), std::string::npos) << err();
}

TEST_F(SubmitCommand, AnOptionThatTheServerRefusesIsSaid) {
    const std::string a = folder_.write("a.wav", "1 a");
    EXPECT_EQ(submit_files({"--callback", "ftp://x", a}), 1);
    EXPECT_NE(err().find("a.wav: "), std::string::npos) << err();
    EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 0U);
}

TEST_F(SubmitCommand, WaitsForAPlaceInTheQueue) {
    server_options_.most_waiting = 1;
    service_options_.workers = 1;
    engine_->hold("a", 0);
    const std::string a = folder_.write("a.wav", "1 a");
    EXPECT_EQ(submit_files({a, a, "-q"}), 0) << err();
    while (json_of(get("/jobs?state=running"))["jobs"].size() != 1) clock_.sleep_ms(5);
    std::thread release([this] {
        clock_.sleep_ms(300);
        engine_->let_go();
    });
    EXPECT_EQ(submit_files({a, a}), 0) << err();
    release.join();
    EXPECT_NE(err().find("waiting for a place: 1 jobs wait already"), std::string::npos) << err();
}

TEST_F(SubmitCommand, ALostAnswerMakesNoSecondJob) {
    std::atomic<int> asked{0};
    std::string keys;
    testing::TestServer server([&](const testing::TestRequest& request) {
        keys += request.headers.at("idempotency-key") + "\n";
        testing::TestReply reply{.status = 202, .body = R"({"job_id": "job_1", "state": "queued"})"};
        reply.lost = ++asked < 3;
        return reply;
    });
    EXPECT_EQ(submit_files({"--server", server.url() + "/", folder_.write("a.wav", "1 a")}), 0) << err();
    EXPECT_EQ(asked, 3);
    const std::string first = keys.substr(0, keys.find('\n') + 1);
    EXPECT_EQ(keys, first + first + first);
    EXPECT_GT(first.size(), 30U);
}

TEST_F(SubmitCommand, AServerThatIsStartedAgainIsWaitedFor) {
    engine_->hold("a", 1);
    const std::string a = folder_.write("a.wav", "3 a");
    start();
    http_options_.port = port();
    std::thread restart([this] {
        while (engine_->windows_computed() < 1) clock_.sleep_ms(2);
        stop();
        engine_->let_go();
        clock_.sleep_ms(200);
        start();
    });
    EXPECT_EQ(submit_files({"--wait", "-o", folder_.path("out"), "-f", "txt", a}), 0) << err();
    restart.join();
    EXPECT_EQ(content("out/a.txt"), "a 0.\na 1.\na 2.\n");
}

TEST_F(SubmitCommand, InterruptedItLeavesTheJobsToTheServer) {
    engine_->hold("a", 0);
    start();
    std::thread signal([this] {
        while (json_of(get("/jobs?state=running"))["jobs"].empty()) clock_.sleep_ms(5);
        interruption_.request(2);
    });
    EXPECT_EQ(submit_files({"--wait", "-o", folder_.path("out"), folder_.write("a.wav", "1 a")}), 130);
    signal.join();
    const std::string id = newest_job()["job_id"];
    EXPECT_NE(err().find("goes on as job " + id), std::string::npos) << err();
    engine_->let_go();
    wait_for(id, "succeeded");
}

TEST_F(SubmitCommand, KeysComeFromAFileOrAVariable) {
    const auto digest = [](const std::string& key) { return sha256_hex(std::as_bytes(std::span(key))); };
    server_options_.gate.keys = ApiKeys::parse(digest("key-of-anna") + " anna\n", "keys");
    const std::string a = folder_.write("a.wav", "1 a"), key = folder_.write("key", "key-of-anna\n");
    EXPECT_EQ(submit_files({a}), 1);
    EXPECT_NE(err().find("wants a key: give its file with --api_key_file, or set FAST_TRANSCRIBE_API_KEY"),
              std::string::npos)
        << err();
    EXPECT_EQ(submit_files({"--api_key_file", key, a}), 0) << err();
    variables_["FAST_TRANSCRIBE_API_KEY"] = "key-of-anna";
    EXPECT_EQ(submit_files({a}), 0) << err();
    EXPECT_EQ(submit_files({"--api_key_file", folder_.write("two", "key-of-anna\nanother\n"), a}), 2);
    EXPECT_EQ(err().find("key-of-anna"), std::string::npos) << "keys are never repeated";
}

TEST_F(SubmitCommand, NobodyThereIsSaid) {
    const std::string a = folder_.write("a.wav", "1 a");
    start();
    const std::string gone = server_->url();
    stop();
    variables_["FAST_TRANSCRIBE_SERVER"] = gone;
    start();
    EXPECT_EQ(submit_files({a}), 1);
    EXPECT_NE(err().find("cannot be reached"), std::string::npos) << err();
    EXPECT_NE(err().find("fast-transcribe serve starts one"), std::string::npos) << err();
    testing::TestServer other([](const testing::TestRequest&) { return testing::TestReply{.body = "<html>"}; });
    EXPECT_EQ(submit_files({"--server", other.url(), a}), 1);
    EXPECT_NE(err().find("is the address right?"), std::string::npos) << err();
}

TEST_F(SubmitCommand, WrongUseIsSaid) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{}, "no audio file was given"},
        {{"a.wav", "--server", "ftp://x"}, "--server ftp://x: must be the address of a server"},
        {{"a.wav", "--server", ""}, "must be the address of a server"},
        {{"a.wav", "-o", "x"}, "with --wait only"},
        {{"a.wav", "--chunk_length", "31"}, "--chunk_length 31"},
        {{"a.wav", "--wat"}, "did you mean --wait?"},
        {{"a.wav", "--callback_types", "completed"}, "go with --callback URL"},
        {{"a.wav", "--callback", "https://x", "--callback_types", "done"}, "choose from queued"},
        {{"a.wav", "--metadata", "{"}, "is no JSON"},
        {{"-", "-"}, "once only"},
        {{"a.wav", ""}, "is empty"},
    };
    for (const auto& [arguments, sentence] : cases) {
        EXPECT_EQ(submit_files(arguments), 2) << sentence;
        EXPECT_NE(err().find(sentence), std::string::npos) << err();
    }
    EXPECT_EQ(submit_files({"--help"}), 0);
    EXPECT_NE(out().find("--api_key_file FILE"), std::string::npos);
}

TEST(ApiAccess, AKeyOverAnOpenNetworkIsExposed) {
    const Secret key("k");
    EXPECT_TRUE(is_key_exposed({"http://asr.example.org", key, nullptr}));
    EXPECT_TRUE(is_key_exposed({"http://10.0.0.1:8080", key, nullptr}));
    for (const char* safe :
         {"https://asr.example.org", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1"})
        EXPECT_FALSE(is_key_exposed({safe, key, nullptr})) << safe;
    EXPECT_FALSE(is_key_exposed({"http://asr.example.org", Secret(), nullptr}));
}

}  // namespace
}  // namespace ft
