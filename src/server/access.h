#pragma once
// Who may ask: which hosts and pages, and which keys.
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

/// 127.0.0.0/8, ::1 (in brackets or not) and localhost.
bool is_loopback_host(std::string_view host);

/// The host of a Host header or of an authority, without its port: "[::1]:80" → "[::1]".
std::string host_without_port(std::string_view authority);

/// Why a browser may not send this on behalf of some page, empty when it may: a page of another origin, or (without
/// keys) a name that somebody has made to lead here (DNS rebinding). What is no browser has no Origin.
std::string foreign_page(const std::string& host_header, const std::string& origin, bool loopback_only);

/// The keys of a file: lines "<SHA-256 of the key, 64 hexadecimal digits> <name>"; empty lines and those that begin
/// with
/// '#' are passed over. Any thread may call any function.
class ApiKeys {
  public:
    /// Throws Error{invalid_argument}, naming `origin` and the line; also when there is none.
    static ApiKeys parse(std::string_view text, std::string_view origin);

    /// The name of the key that "Bearer <key>" holds; empty when it is none of ours. Compares with all of them, in
    /// constant time.
    std::string name_of(std::string_view authorization) const;

  private:
    struct Key {
        std::string digest, name;
    };
    std::vector<Key> keys_;
};

/// How many requests each client has under way. Any thread may call any function.
class ClientLimits {
  public:
    explicit ClientLimits(int most) : most_(most) {}

    /// Counts one request for as long as it lives.
    class Place {
      public:
        Place(ClientLimits& limits, std::string client) : limits_(limits), client_(std::move(client)) {}
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

      private:
        ClientLimits& limits_;
        const std::string client_;
    };
    /// Nothing when the client has as many under way as it may have. The place must not outlive the limits.
    std::unique_ptr<Place> take(const std::string& client);

  private:
    const int most_;
    std::mutex mutex_;
    std::map<std::string, int> under_way_;
};

}  // namespace ft
