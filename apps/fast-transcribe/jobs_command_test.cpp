#include "jobs_command.h"

#include "api_command_fixture.h"
#include "net/testing/test_server.h"

namespace ft {
namespace {

using nlohmann::json;

class JobsOfAServer : public ApiCommandTest {
  protected:
    int ask(const std::vector<std::string>& arguments) { return run(jobs, arguments); }
};

TEST_F(JobsOfAServer, AreListedNewestFirst) {
    const std::string first = upload("1 a"), second = upload("broken");
    wait_for(first, "succeeded");
    wait_for(second, "failed");
    EXPECT_EQ(ask({"list"}), 0) << err();
    EXPECT_LT(out().find(second + "  failed "), out().find(first + "  succeeded  ")) << out();
    EXPECT_NE(out().find("talk.wav\n"), std::string::npos) << out();
    EXPECT_EQ(ask({"list", "--state", "failed"}), 0);
    EXPECT_EQ(out().find(first), std::string::npos);
    EXPECT_EQ(ask({"list", "--search", first, "--json"}), 0);
    EXPECT_EQ(json::parse(out()).at(0).at("job_id"), first);
    EXPECT_EQ(ask({"list", "--limit", "1", "--json"}), 0);
    EXPECT_EQ(json::parse(out()).size(), 1U);
    EXPECT_EQ(ask({"list", "--state", "asleep"}), 1);
    EXPECT_NE(err().find("asleep"), std::string::npos) << err();
}

TEST_F(JobsOfAServer, AreShownWithResultsAndReasons) {
    const std::string good = upload("2 tal", {{"metadata", R"({"case": 17})"}}), bad = upload("broken");
    wait_for(good, "succeeded");
    wait_for(bad, "failed");
    EXPECT_EQ(ask({"show", good, bad}), 0) << err();
    for (const char* part : {"state      succeeded\n", "0:20 of audio", "metadata   {\"case\":17}",
                             "state      failed\n", "is a text file, not audio (bad_media)"})
        EXPECT_NE(out().find(part), std::string::npos) << part << "\n" << out();
    EXPECT_EQ(ask({"show", good, "--json"}), 0);
    EXPECT_EQ(json::parse(out())["job_id"], good);
    EXPECT_EQ(ask({"result", good}), 0);
    EXPECT_EQ(out(), "tal 0.\ntal 1.\n");
    EXPECT_EQ(ask({"result", good, "-f", "vtt"}), 0);
    EXPECT_EQ(out().substr(0, 6), "WEBVTT");
    EXPECT_EQ(ask({"result", bad, good}), 1) << "the others are shown all the same";
    EXPECT_EQ(out(), "tal 0.\ntal 1.\n");
    EXPECT_NE(err().find(bad + ": the job is failed and has no result"), std::string::npos) << err();
}

TEST_F(JobsOfAServer, AreCancelledAndTriedAgain) {
    engine_->hold("a", 0);
    const std::string id = upload("1 a");
    wait_for(id, "running");
    EXPECT_EQ(ask({"cancel", id}), 0) << err();
    EXPECT_NE(out().find(id + "  cancelled"), std::string::npos) << out();
    EXPECT_EQ(ask({"cancel", id}), 0) << "as often as one likes";
    EXPECT_EQ(ask({"retry", id}), 0) << err();
    engine_->let_go();
    wait_for(id, "succeeded");
    EXPECT_EQ(ask({"retry", id}), 1);
    EXPECT_EQ(ask({"cancel", id}), 1);
    EXPECT_NE(err().find(id + ": the job is succeeded"), std::string::npos) << err();
}

TEST_F(JobsOfAServer, MessagesAreListedAndSentAgain) {
    std::atomic<int> status{410};
    testing::TestServer receiver([&](const testing::TestRequest&) { return testing::TestReply{.status = status}; });
    const std::string id =
        upload("1 a", {{"callback", R"({"url": ")" + receiver.url() + R"(/hook", "secret": "whsec_)" +
                                        std::string(32, 'A') + "\"}"}});
    wait_for(id, "succeeded");
    for (int i = 0; i < 2000 && out().find("disabled") == std::string::npos; ++i) {
        clock_.sleep_ms(5);
        EXPECT_EQ(ask({"deliveries", id}), 0) << err();
    }
    EXPECT_NE(out().find("transcription.completed  " + receiver.url() + "/hook\n"), std::string::npos) << out();
    EXPECT_NE(out().find("answered 410"), std::string::npos) << out();
    const std::string event = out().substr(0, out().find(' '));
    status = 204;
    EXPECT_EQ(ask({"replay", id, event}), 0) << err();
    for (int i = 0; i < 2000 && out().find("answered 204") == std::string::npos; ++i) {
        clock_.sleep_ms(5);
        EXPECT_EQ(ask({"deliveries", id}), 0) << err();
    }
    EXPECT_NE(out().find("delivered"), std::string::npos) << out();
    EXPECT_EQ(ask({"replay", id, "msg_none"}), 1);
    EXPECT_NE(err().find("the job has no such message"), std::string::npos) << err();
    EXPECT_EQ(ask({"replay", id}), 0) << "nothing was given up: nothing is sent";
}

TEST_F(JobsOfAServer, WrongUseAndUnknownIdsAreSaid) {
    for (const auto& [arguments, sentence] :
         std::vector<std::pair<std::vector<std::string>, std::string>>{{{}, "what about them?"},
                                                                       {{"lst"}, "did you mean list?"},
                                                                       {{"list", "x"}, "takes flags only"},
                                                                       {{"show"}, "of which job?"},
                                                                       {{"show", ""}, "an id is empty"},
                                                                       {{"replay", "a", "b", "c"}, "of one message"},
                                                                       {{"list", "--limit", "0"}, "--limit 0"}}) {
        EXPECT_EQ(ask(arguments), 2) << sentence;
        EXPECT_NE(err().find(sentence), std::string::npos) << err();
    }
    EXPECT_EQ(ask({"show", "../metrics", "job_0"}), 1);
    EXPECT_NE(err().find("job_0: there is no such job"), std::string::npos) << err();
    EXPECT_EQ(out(), "");
    EXPECT_EQ(ask({"--help"}), 0);
    EXPECT_NE(out().find("jobs deliveries ID"), std::string::npos);
}

TEST_F(JobsOfAServer, WhatAServerSaysCannotDisturbTheTerminal) {
    testing::TestServer server([](const testing::TestRequest&) {
        return testing::TestReply{
            .body = R"({"job_id": "job_1", "state": "que\u001b[2Jued", "audio": {"name": "a\nb"}, "timeline": 3})"};
    });
    EXPECT_EQ(ask({"show", "job_1", "--server", server.url()}), 0) << err();
    EXPECT_EQ(out().find('\x1b'), std::string::npos);
    EXPECT_NE(out().find("file       a b\n"), std::string::npos) << out();
}

}  // namespace
}  // namespace ft
