#pragma once
// A session whose time, waits, chance and environment are made up, and whose services are one test server.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "aws/session.h"
#include "net/testing/test_server.h"

namespace ft::aws::testing {

using ft::testing::TestReply;
using ft::testing::TestRequest;
using ft::testing::TestServer;

/// 2026-02-28T12:00:00Z
inline constexpr int64_t kTestTime_s = 1772280000;

/// Time stands still but for waits, which pass at once and are remembered. Any number of threads.
class MadeUpWorld {
  public:
    std::map<std::string, std::string> variables;  ///< set before the first use
    double chance = 0.5;

    Surroundings surroundings();
    void pass(std::chrono::milliseconds time);
    TimePoint now();
    std::vector<std::chrono::milliseconds> waits();

  private:
    std::mutex mutex_;
    TimePoint now_{std::chrono::seconds(kTestTime_s)};
    std::vector<std::chrono::milliseconds> waits_;
};

inline constexpr const char* kTestKeyId = "AKIDOFTHETEST";
inline constexpr const char* kTestSecret = "canary-secret-key";
inline constexpr const char* kTestToken = "canary-session-token";

/// A server with one answer a request, and a session that sends everything to it. The environment holds the three
/// canary values above as credentials.
class ServiceFixture {
  public:
    explicit ServiceFixture(TestServer::Handler handler);
    /// Gives the answers one after the other; the last one again and again.
    explicit ServiceFixture(std::vector<TestReply> replies);

    MadeUpWorld world;
    std::shared_ptr<Session> session(std::map<std::string, std::string> more_variables = {});
    TestServer& server() { return *server_; }
    /// The only request so far, or the last one.
    TestRequest last();

  private:
    std::unique_ptr<TestServer> server_;
};

TestReply reply(int status, const std::string& body = "",
                std::vector<std::pair<std::string, std::string>> headers = {});
/// A reply that never comes: the request was read, then the connection is closed.
TestReply lost_reply();

/// The Authorization header's signature, or the presigned query's, is what `secret` gives for this request.
bool is_signed_rightly(const TestRequest& request, const std::string& service, const std::string& region,
                       const std::string& secret);

}  // namespace ft::aws::testing
