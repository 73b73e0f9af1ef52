#include "server_address.h"

#include "net/http_client.h"
#include "net/ip_address.h"
#include "net/url.h"

namespace ft {

std::optional<std::string> server_address(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    const auto parts = parse_url(url);
    const bool good = parts && (parts->scheme == "http" || parts->scheme == "https") && !parts->host.empty() &&
                      !parts->has_user && url.find_first_of("?# \t\r\n") == std::string::npos;
    return good ? std::optional(url) : std::nullopt;
}

bool is_on_this_machine(const std::string& url) {
    const std::string host = host_of(url);
    if (host == "localhost" || host == "[::1]") return true;
    const auto address = parse_ip(host);
    return address && !address->is_v6 && address->bytes[0] == 127;
}

bool is_open_to_readers(const std::string& url) {
    const auto parts = parse_url(url);
    return parts && parts->scheme == "http" && !is_on_this_machine(url);
}

}  // namespace ft
