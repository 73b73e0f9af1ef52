#pragma once
// A small HTTP/1.1 server on 127.0.0.1 for tests, on plain sockets: an answer can break off after any byte, or stall,
// which server libraries try to prevent.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ft::testing {

struct TestRequest {
    std::string method, path;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

struct TestReply {
    static constexpr size_t kAll = static_cast<size_t>(-1);
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< without Content-Length, which is the body's
    std::string body = {};
    bool lost = false;          ///< nothing is answered: the connection is closed
    bool reset = false;         ///< likewise, with a reset
    bool silent = false;        ///< nothing is answered until the client goes or the server ends
    size_t break_after = kAll;  ///< bytes of the body, then the connection is closed
    size_t stall_after = kAll;  ///< bytes of the body, then silence until the client goes or the server ends
};

/// One thread a connection, one request a connection. `handler` is called by these threads at once.
class TestServer {
  public:
    using Handler = std::function<TestReply(const TestRequest&)>;
    explicit TestServer(Handler handler);
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    /// "http://127.0.0.1:12345"
    std::string url() const;
    /// All so far, in the order of arrival.
    std::vector<TestRequest> requests() const;
    /// How many of them have this method and a path that contains `part`.
    int count(const std::string& method, const std::string& part) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft::testing
