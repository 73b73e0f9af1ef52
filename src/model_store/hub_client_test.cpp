#include "model_store/hub_client.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model_store/testing/fake_hub.h"

namespace ft {
namespace {

using testing::FakeHub;
using testing::TestReply;
using testing::TestRequest;
using testing::TestServer;

const std::string kCommit(40, 'a');

class HubClientTest : public ::testing::Test {
  protected:
    HubClient client(const std::string& token = "") { return client_of(hub_.hub().url(), token); }
    HubClient client_of(const std::string& endpoint, const std::string& token = "") {
        HubSettings settings;
        settings.endpoint = endpoint;
        settings.token = token;
        return {settings,
                {std::chrono::seconds(60), std::chrono::seconds(60), ""},
                [this](std::chrono::milliseconds time) { waited_ += time; },
                {}};
    }

    /// What an attempt to get the revision says, and how it is classed.
    void expect_error(HubClient client, ErrorCode code, const std::vector<std::string>& words) {
        try {
            client.revision(hub_.repository, "main");
            FAIL() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code) << error.what();
            for (const std::string& word : words)
                EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "one sentence";
        }
    }

    void answer_with(int status, std::vector<std::pair<std::string, std::string>> headers = {}) {
        hub_.fault = [=](const TestRequest&, TestReply& reply) {
            reply = {.status = status, .headers = headers, .body = "<html>"};
        };
    }

    FakeHub hub_;
    std::chrono::milliseconds waited_{0};
};

TEST_F(HubClientTest, ReadsARevision) {
    hub_.revisions["refs/pr/1"] = std::string(40, 'b');
    const HubRevision revision = client().revision(hub_.repository, "main");
    EXPECT_EQ(revision.commit, kCommit);
    EXPECT_EQ(revision.files.size(), hub_.files.size());
    hub_.fault = [](const TestRequest& request, TestReply&) {
        EXPECT_NE(request.path.find("/revision/refs%2Fpr%2F1"), std::string::npos);
    };
    EXPECT_THROW(client().revision(hub_.repository, "refs/pr/1"), Error) << "the fake hub does not decode";
}

TEST_F(HubClientTest, LearnsSizeAndHashOfLargeAndSmallFiles) {
    HubClient hub = client();
    const HubFile weights = hub.file(hub_.repository, kCommit, "model.safetensors");
    EXPECT_EQ(weights.size, hub_.files["model.safetensors"].size());
    EXPECT_EQ(weights.sha256.size(), 64U);
    EXPECT_TRUE(hub_.storage().requests().empty()) << "the hub's own answer says it all";
    const HubFile config = hub.file(hub_.repository, kCommit, "config.json");
    EXPECT_EQ(config.size, hub_.files["config.json"].size());
    EXPECT_EQ(config.git_sha1.size(), 40U);
}

TEST_F(HubClientTest, TakesAFileThatNobodyTellsAbout) {
    hub_.tells_hashes = false;
    const HubFile weights = client().file(hub_.repository, kCommit, "model.safetensors");
    EXPECT_EQ(weights.size, hub_.files["model.safetensors"].size()) << "the storage's Content-Length";
    EXPECT_TRUE(weights.hash().empty()) << "the storage's ETag is no hash of the file";
    hub_.storage_fault = [](const TestRequest&, TestReply& reply) {
        reply = {.status = 403, .headers = {}, .body = ""};
    };
    EXPECT_FALSE(client().file(hub_.repository, kCommit, "model.safetensors").size) << "a link signed for GET alone";
}

TEST_F(HubClientTest, RefusesAnotherCommit) {
    hub_.fault = [](const TestRequest&, TestReply& reply) {
        if (!reply.headers.empty() && reply.headers[0].first == "X-Repo-Commit")
            reply.headers[0].second = std::string(40, 'c');
    };
    EXPECT_THROW(client().file(hub_.repository, kCommit, "config.json"), Error);
}

TEST_F(HubClientTest, KeepsTheTokenFromOtherHosts) {
    hub_.token = "secret";
    std::string body;
    const HttpResponse response = client("secret").fetch_once(
        hub_.repository, kCommit, "model.safetensors", 0,
        [&](const HttpResponse&, std::string_view bytes) { return body.append(bytes), true; });
    EXPECT_TRUE(response.ok());
    EXPECT_EQ(body, hub_.files["model.safetensors"]);
    EXPECT_EQ(hub_.hub().requests().at(0).headers.at("authorization"), "Bearer secret");
    ASSERT_EQ(hub_.storage().requests().size(), 1U);
    EXPECT_EQ(hub_.storage().requests()[0].headers.count("authorization"), 0U);
}

TEST_F(HubClientTest, KeepsTheTokenOnTheSameHost) {
    hub_.token = "secret";
    hub_.fault = [](const TestRequest& request, TestReply& reply) {
        if (request.path.find("/revision/old") == std::string::npos) return;
        reply = {.status = 307,
                 .headers = {{"Location", "/api/models/KBLab/kb-whisper-small/revision/main"}},
                 .body = "moved"};
    };
    EXPECT_EQ(client("secret").revision(hub_.repository, "old").commit, kCommit);
}

TEST_F(HubClientTest, DoesNotGiveTheTokenBackAfterADetour) {
    hub_.storage_fault = [this](const TestRequest&, TestReply& reply) {
        reply = {.status = 302, .headers = {{"Location", hub_.hub().url() + "/back"}}, .body = ""};
    };
    client("secret").fetch_once(hub_.repository, kCommit, "model.safetensors", 0,
                                [](const HttpResponse&, std::string_view) { return true; });
    ASSERT_EQ(hub_.hub().requests().size(), 2U);
    EXPECT_EQ(hub_.hub().requests()[1].headers.count("authorization"), 0U);
}

TEST_F(HubClientTest, EndsARedirectLoop) {
    hub_.fault = [](const TestRequest& request, TestReply& reply) {
        reply = {.status = 302, .headers = {{"Location", request.path}}, .body = ""};
    };
    expect_error(client(), ErrorCode::network, {"redirects"});
    EXPECT_LE(hub_.hub().requests().size(), 12U);
}

TEST(NextHop, LeavesTheTokenBehind) {
    const auto hop = [](const std::string& from, const std::string& to) {
        HttpRequest request;
        request.url = from;
        request.token = "secret";
        HttpResponse response;
        response.redirect_url = to;
        return next_hop(request, response);
    };
    EXPECT_EQ(hop("https://hub/a", "https://hub/b")->token, "secret");
    EXPECT_EQ(hop("https://hub/a", "https://HUB:443/b")->token, "secret");
    EXPECT_EQ(hop("https://hub/a", "https://hub:8443/b")->token, "");
    EXPECT_EQ(hop("https://hub/a", "https://hub.evil/b")->token, "");
    EXPECT_EQ(hop("http://hub/a", "https://hub/b")->token, "");
    EXPECT_FALSE(hop("https://hub/a", "http://hub/b")) << "never from https to http";
    EXPECT_FALSE(hop("https://hub/a", "file:///etc/passwd"));
    EXPECT_FALSE(hop("http://hub/a", "ftp://hub/b"));
}

TEST_F(HubClientTest, SaysWhatToDoAboutEachAnswer) {
    hub_.token = "secret";
    expect_error(client(), ErrorCode::permission, {"401", "HF_TOKEN", "spelling"});
    expect_error(client("wrong"), ErrorCode::permission, {"401", "does not accept the token"});
    answer_with(403);
    expect_error(client("secret"), ErrorCode::permission, {"403", "accept its terms"});
    answer_with(404, {{"X-Error-Code", "RevisionNotFound"}});
    expect_error(client(), ErrorCode::not_found, {"404", "no such revision", "kb-whisper-small"});
    answer_with(404, {{"X-Error-Code", "RepoNotFound"}});
    expect_error(client(), ErrorCode::not_found, {"no such model"});
    EXPECT_EQ(waited_.count(), 0) << "none of these passes by itself";
    answer_with(429, {{"Retry-After", "3600"}});
    expect_error(client(), ErrorCode::network, {"429", "wait 3600 s", "HF_TOKEN"});
    answer_with(418);
    expect_error(client(), ErrorCode::network, {"418"});
    answer_with(302);
    expect_error(client(), ErrorCode::network, {"302"});
    answer_with(200);
    expect_error(client(), ErrorCode::network, {"login page", "HF_ENDPOINT"});
    EXPECT_EQ(waited_.count(), 0);
}

TEST_F(HubClientTest, RepeatsWhatMayPass) {
    int answers = 0;
    hub_.fault = [&](const TestRequest&, TestReply& reply) {
        ++answers;
        if (answers <= 2) reply = {.status = 500 + answers, .headers = {}, .body = ""};
        if (answers == 3) reply = {.status = 429, .headers = {{"Retry-After", "9"}}, .body = ""};
        if (answers == 4) reply.break_after = 5;
    };
    EXPECT_EQ(client().revision(hub_.repository, "main").commit, kCommit);
    EXPECT_EQ(answers, 5);
    EXPECT_EQ(waited_, std::chrono::seconds(1 + 2 + 9 + 8));
}

TEST_F(HubClientTest, GivesUpOnWhatDoesNotPass) {
    answer_with(503);
    expect_error(client(), ErrorCode::network, {"503", "trouble of its own"});
    EXPECT_EQ(hub_.hub().requests().size(), 5U);
    EXPECT_EQ(waited_, std::chrono::seconds(1 + 2 + 4 + 8));
}

TEST_F(HubClientTest, SaysThatNobodyIsThere) {
    std::string closed;
    {
        closed = TestServer([](const TestRequest&) { return TestReply(); }).url();
    }
    expect_error(client_of(closed), ErrorCode::network, {"takes no connection", "HF_ENDPOINT", "127.0.0.1"});
    expect_error(client_of("https://" + hub_.hub().url().substr(7)), ErrorCode::network, {"127.0.0.1"});
    expect_error(client_of("http://[broken"), ErrorCode::invalid_argument, {"HF_ENDPOINT"});
}

TEST_F(HubClientTest, DoesNotWaitForEverForASilentServer) {
    hub_.fault = [](const TestRequest&, TestReply& reply) { reply.stall_after = 10; };
    RetryPolicy once;
    once.attempts = 1;
    HubSettings settings;
    settings.endpoint = hub_.hub().url();
    HubClient client(
        settings, {std::chrono::seconds(5), std::chrono::seconds(1), ""}, [](std::chrono::milliseconds) {}, {}, once);
    expect_error(std::move(client), ErrorCode::network, {"did not answer in time"});
}

TEST_F(HubClientTest, NamesTheHostThatHasNoAddress) {
    HttpResponse response;
    response.failure = HttpFailure::unresolved;
    response.url = "https://hub.invalid/api";
    try {
        client().fail(response, "kb-whisper-small");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::network);
        EXPECT_NE(std::string(error.what()).find("hub.invalid cannot be found"), std::string::npos) << error.what();
    }
    response.failure = HttpFailure::untrusted;
    EXPECT_THROW(client().fail(response, "kb-whisper-small"), Error);
}

TEST_F(HubClientTest, StopsWhenTheTickThrows) {
    hub_.fault = [](const TestRequest&, TestReply& reply) { reply.stall_after = 10; };
    HubSettings settings;
    settings.endpoint = hub_.hub().url();
    HubClient client(
        settings, {std::chrono::seconds(5), std::chrono::seconds(30), ""}, [](std::chrono::milliseconds) {},
        [] { throw Error(ErrorCode::cancelled, "stopped"); });
    expect_error(std::move(client), ErrorCode::cancelled, {"stopped"});
}

}  // namespace
}  // namespace ft
