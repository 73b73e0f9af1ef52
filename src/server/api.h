#pragma once
// A request and its reply as routes see them: values, without sockets, so that every route can be called by a test.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ft {

struct ApiRequest {
    std::string method, path;                    ///< path decoded, without the query
    std::map<std::string, std::string> query;    ///< of equal names the first
    std::map<std::string, std::string> headers;  ///< names in lower case, of equal ones the first
    std::string client;                          ///< who asks: a key's name, or "local"
    /// Hands the body on, piece by piece, and returns at its end; once. Throws Error{network} when it breaks off or
    /// comes too slowly, and what the sink throws.
    std::function<void(const std::function<void(std::string_view)>& sink)> read_body;
    int64_t body_bytes = 0;  ///< as the head says; < 0: it does not
    /// False when the client has gone.
    std::function<bool()> is_awaited = [] { return true; };
    /// The server is to stop: who waits for something else should not.
    std::function<bool()> is_stopping = [] { return false; };

    /// "" when absent; `name` in lower case.
    std::string header(const std::string& name) const;
    std::string parameter(const std::string& name) const;
};

/// Where a reply goes that comes bit by bit.
class ReplySink {
  public:
    virtual ~ReplySink() = default;
    /// False when nobody listens any more, or the server is to stop.
    virtual bool write(std::string_view bytes) = 0;
    /// Lets so much time go by; false as write().
    virtual bool wait_ms(int64_t duration_ms) = 0;
    /// Whether that was the reason.
    virtual bool is_stopping() const = 0;
};

struct ApiReply {
    int status = 200;
    std::string type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    /// Instead of a body; called once, on the thread of the connection. Must not throw. False: it has not said all, and
    /// the connection breaks off, so that nobody takes what came for the whole.
    std::function<bool(ReplySink&)> stream;
};

/// A reply that is no success, as routes throw it.
class ApiRefusal : public Error {
  public:
    /// `reason`: for programs, e.g. "not_finished".
    ApiRefusal(int status, std::string reason, const std::string& sentence, std::optional<int> retry_after_s = {})
        : Error(ErrorCode::invalid_argument, sentence),
          status_(status),
          reason_(std::move(reason)),
          retry_after_s_(retry_after_s) {}
    int status() const { return status_; }
    const std::string& reason() const { return reason_; }
    std::optional<int> retry_after_s() const { return retry_after_s_; }

  private:
    int status_;
    std::string reason_;
    std::optional<int> retry_after_s_;
};

/// {"error": {"message", "type", "param", "code"}}, as OpenAI's clients know it.
ApiReply error_reply(int status, const std::string& reason, const std::string& sentence);
/// What a route has thrown, as a reply. Of what is our own fault (disk, store, bugs) the reply says little and the log
/// all, as messages name files.
ApiReply error_reply(const std::exception& error);

/// A JSON text.
ApiReply json_reply(int status, std::string json);

/// What a body holds. Throws ApiRefusal{413} above the limit, Error{network} as read_body.
std::string read_whole_body(const ApiRequest& request, size_t limit_bytes);

}  // namespace ft
