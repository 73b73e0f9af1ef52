#include "net/http_client.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "net/testing/test_server.h"

namespace ft {
namespace {

using testing::TestReply;
using testing::TestRequest;
using testing::TestServer;

HttpRequest request(const std::string& method, const std::string& url, std::optional<std::string> body = {}) {
    HttpRequest result;
    result.method = method;
    result.url = url;
    result.body = std::move(body);
    return result;
}

TEST(HttpClient, SendsMethodAndBodyAsTheyAre) {
    TestServer server([](const TestRequest& seen) {
        return TestReply{.status = 200, .headers = {}, .body = seen.method + " " + seen.body};
    });
    HttpClient client({});
    const std::string bytes("a\0b=c&\xff", 7);
    EXPECT_EQ(client.send_once(request("POST", server.url(), bytes)).body, "POST " + bytes);
    EXPECT_EQ(client.send_once(request("PUT", server.url(), std::string(3 << 20, 'x'))).body,
              "PUT " + std::string(3 << 20, 'x'));
    EXPECT_EQ(client.send_once(request("PUT", server.url(), "")).body, "PUT ");
    EXPECT_EQ(client.send_once(request("DELETE", server.url())).body, "DELETE ");
    EXPECT_EQ(client.send_once(request("GET", server.url())).body, "GET ");
    EXPECT_EQ(server.requests()[1].headers.count("expect"), 0U);
    EXPECT_EQ(server.requests()[1].headers.count("content-type"), 0U);
    EXPECT_EQ(server.requests()[2].headers.at("content-length"), "0");
    EXPECT_EQ(server.requests()[4].headers.count("content-length"), 0U);
}

TEST(HttpClient, SendsABodyThatIsMadeMeanwhile) {
    TestServer server([](const TestRequest& seen) { return TestReply{.body = seen.method + " " + seen.body}; });
    HttpClient client({});
    const std::string whole(1 << 20, 'y');
    size_t sent = 0;
    HttpRequest upload = request("POST", server.url());
    upload.upload = HttpUpload{static_cast<int64_t>(whole.size()), [&](char* target, size_t room) {
                                   const size_t count = whole.copy(target, std::min<size_t>(room, 1000), sent);
                                   sent += count;
                                   return count;
                               }};
    EXPECT_EQ(client.send_once(upload).body, "POST " + whole);
    EXPECT_EQ(server.requests()[0].headers.at("content-length"), "1048576");
    EXPECT_EQ(server.requests()[0].headers.count("expect"), 0U);
    upload.upload->read = [](char*, size_t) -> size_t { throw Error(ErrorCode::io, "the disk is gone"); };
    EXPECT_THROW(client.send_once(upload), Error);
    EXPECT_EQ(client.send_once(request("GET", server.url())).body, "GET ") << "the client can go on";
}

TEST(HttpClient, LeavesThePathAsItWasWritten) {
    TestServer server(
        [](const TestRequest& seen) { return TestReply{.status = 200, .headers = {}, .body = seen.path}; });
    HttpClient client({});
    EXPECT_EQ(client.send_once(request("GET", server.url() + "/a/./b/../c//d%2Fe")).body, "/a/./b/../c//d%2Fe");
}

TEST(HttpClient, ALostReplyIsABrokenConnection) {
    TestServer server([](const TestRequest&) {
        TestReply reply;
        reply.lost = true;
        return reply;
    });
    HttpClient client({});
    EXPECT_EQ(client.send_once(request("POST", server.url(), "x")).failure, HttpFailure::broken);
}

TEST(HttpClient, ATimeLimitHoldsForTheWholeRequest) {
    TestServer server([](const TestRequest&) {
        TestReply reply;
        reply.body = "begun, never ended";
        reply.stall_after = 5;
        return reply;
    });
    HttpClient client({});
    HttpRequest slow = request("GET", server.url());
    slow.timeout = std::chrono::milliseconds(100);
    EXPECT_EQ(client.send_once(slow).failure, HttpFailure::timed_out);
}

TEST(HttpClient, RefusesABodyLongerThanAllowed) {
    TestServer server(
        [](const TestRequest&) { return TestReply{.status = 200, .headers = {}, .body = std::string(1001, 'x')}; });
    HttpOptions options;
    options.longest_body = 1000;
    EXPECT_EQ(HttpClient(options).send_once(request("GET", server.url())).failure, HttpFailure::refused);
}

TEST(HttpClient, NamesWhatToCheckWhenTheAddressIsNone) {
    HttpOptions options;
    options.address_setting = "SOME_ENDPOINT";
    try {
        HttpClient(options).send_once(request("GET", "http://[broken"));
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_NE(std::string(error.what()).find("SOME_ENDPOINT"), std::string::npos) << error.what();
    }
}

TEST(HttpClient, LongBodiesAreCutWhenThatIsAskedFor) {
    TestServer server([](const TestRequest& seen) {
        return TestReply{.status = seen.path == "/bad" ? 500 : 200, .headers = {}, .body = std::string(8 << 20, 'x')};
    });
    HttpOptions options;
    options.longest_body = 1000;
    EXPECT_EQ(HttpClient(options).send_once(request("GET", server.url())).failure, HttpFailure::refused);
    options.cut_long_bodies = true;
    HttpClient client(options);
    for (const auto& [path, status] : {std::pair("/good", 200L), std::pair("/bad", 500L)}) {
        const HttpResponse response = client.send_once(request("GET", server.url() + path));
        EXPECT_EQ(response.failure, HttpFailure::none);
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(response.body.size(), 1000U);
    }
}

TEST(HttpClient, AnEndlessHeadIsRefused) {
    TestServer server([](const TestRequest&) {
        TestReply reply;
        for (int i = 0; i < 40; ++i) reply.headers.emplace_back("x-" + std::to_string(i), std::string(10000, 'x'));
        return reply;
    });
    EXPECT_EQ(HttpClient({}).send_once(request("GET", server.url())).failure, HttpFailure::refused);
}

}  // namespace
}  // namespace ft
