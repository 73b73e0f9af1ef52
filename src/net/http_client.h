#pragma once
// HTTP over libcurl: one request at a time, every wait bounded, answers as values. Knows nothing of who asks what.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/ip_address.h"

namespace ft {

struct HttpOptions {
    std::chrono::milliseconds connect_timeout{15000};
    std::chrono::seconds stall_timeout{30};  ///< under 1 KiB/s for that long ends a transfer; 0: it may wait for ever
    std::string certificates;                ///< file or folder; empty: the system's
    std::string address_setting = "its spelling";  ///< what to check when an address is none, for messages
    bool use_proxy = true;                         ///< as https_proxy and no_proxy say; false: never
    size_t longest_body = size_t{32} << 20;        ///< of an answer without a sink
    bool cut_long_bodies = false;  ///< what is longer than that is not read, whatever the status, and is no failure
};

/// A body that is made while it is sent.
struct HttpUpload {
    int64_t bytes = -1;  ///< < 0: not known before; it is then sent in chunks
    /// Fills up to `room` (> 0) bytes and says how many; 0: that was all. An exception comes out of send().
    std::function<size_t(char* target, size_t room)> read;
};

struct HttpRequest {
    std::string url;
    std::string method = "GET";
    std::string token;                     ///< sent as "Authorization: Bearer …" when not empty
    std::vector<std::string> headers;      ///< "Range: bytes=5-"
    std::optional<std::string> body;       ///< sent with its Content-Length, and without a Content-Type of curl's
    std::optional<HttpUpload> upload;      ///< instead of `body`; for one send_once()
    std::chrono::milliseconds timeout{0};  ///< for all of it, answer included; 0: none but the options'
    /// Connect to these, in this order, and look no name up; the host in `url` is then only what the answer's
    /// certificate and the Host header say. Empty: as the host's name resolves.
    std::vector<IpAddress> addresses;
};

enum class HttpFailure {
    none,         ///< there is an answer, whatever its status
    unresolved,   ///< the host's name has no address
    unreachable,  ///< nobody takes the connection
    untrusted,    ///< the certificate is not one that we trust
    timed_out,
    broken,   ///< the connection ended before the answer did
    refused,  ///< we ended it: a redirect we do not follow, too long an answer or head, the sink's wish
};

struct HttpResponse {
    HttpFailure failure = HttpFailure::none;
    std::string failure_text;  ///< curl's words
    long status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;          ///< without a sink, and of any answer that is not 2xx: its first 64 KiB
    std::string url;           ///< who gave this answer
    std::string redirect_url;  ///< absolute; empty when the answer is no redirect

    bool ok() const { return failure == HttpFailure::none && status >= 200 && status < 300; }
    /// "" when absent; `name` in lower case.
    std::string header(const std::string& name) const;
};

/// Gets the body of a 2xx answer in pieces; false ends the transfer (failure `refused`), an exception comes out of
/// send().
using HttpSink = std::function<bool(const HttpResponse& head, std::string_view bytes)>;
/// Called about once a second while a transfer runs; an exception comes out of send().
using HttpTick = std::function<void()>;

/// Belongs to one thread at a time. Keeps connections open between requests. Proxies come from the usual variables
/// (https_proxy, no_proxy).
class HttpClient {
  public:
    explicit HttpClient(const HttpOptions& options, HttpTick tick = {});
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;

    /// One request, one answer; redirects are not followed. Without a sink the body is limited.
    /// Throws Error{invalid_argument} for an address that is none.
    HttpResponse send_once(const HttpRequest& request, const HttpSink& sink = {});
    /// Follows up to ten redirects by next_hop(). Throws Error{internal} for a request with addresses: a redirect leads
    /// to others.
    HttpResponse send(const HttpRequest& request, const HttpSink& sink = {});

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

/// The request that a redirect asks for, or nothing when the answer is none or leads from https to http. The token
/// stays behind as soon as scheme, host or port differ: it is meant for the hub alone, not for where the hub keeps its
/// files.
std::optional<HttpRequest> next_hop(const HttpRequest& request, const HttpResponse& response);

/// "[a-zA-Z0-9-._~]" stay, all other bytes become %XX.
std::string percent_encode(std::string_view text);

/// The host part of an address, for messages.
std::string host_of(const std::string& url);

}  // namespace ft
