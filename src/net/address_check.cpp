#include "net/address_check.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "net/url.h"

namespace ft {

namespace {

constexpr size_t kLongestUrl = 2048;
constexpr size_t kMostAddresses = 8;  // tried one after the other

bool may_connect(const IpAddress& address, const AddressPolicy& policy) {
    return is_global(address) || std::any_of(policy.allowed.begin(), policy.allowed.end(),
                                             [&](const IpNetwork& network) { return network.contains(address); });
}

/// For messages: what a stranger wrote, in bounds and without its password.
std::string shown(const UrlParts& parts) {
    return valid_utf8(parts.scheme + "://" + parts.host.substr(0, 255));
}

UrlParts checked_parts(const std::string& url, const AddressPolicy& policy) {
    if (url.size() > kLongestUrl)
        throw Error(ErrorCode::invalid_argument, "the address is {} bytes long; at most {} are taken", url.size(),
                    kLongestUrl);
    const std::optional<UrlParts> parts = parse_url(url);
    if (!parts || parts->host.empty())
        throw Error(ErrorCode::invalid_argument, "'{}' is no address like https://host/path",
                    valid_utf8(url.substr(0, url.find('@') == std::string::npos ? 200 : 0)));
    if (parts->scheme != "https" && !(parts->scheme == "http" && policy.allow_http))
        throw Error(ErrorCode::invalid_argument, "{}: only addresses that begin with https:// are called{}",
                    shown(*parts), policy.allow_http ? " (or http://)" : "");
    if (parts->has_user)
        throw Error(ErrorCode::invalid_argument, "{}: an address must not hold a user or a password", shown(*parts));
    if (const auto ip = parse_host_ip(parts->host)) {
        if (!may_connect(*ip, policy))
            throw Error(ErrorCode::invalid_argument, "{}: only public addresses are called; this one is not",
                        shown(*parts));
        return *parts;
    }
    const bool name = parts->host.size() <= 255 && std::all_of(parts->host.begin(), parts->host.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
                      });
    if (!name)
        throw Error(ErrorCode::invalid_argument,
                    "{}: the host is no name of letters, digits, '-' and '.'; write others in their xn-- form",
                    shown(*parts));
    return *parts;
}

}  // namespace

void check_url(const std::string& url, const AddressPolicy& policy) {
    checked_parts(url, policy);
}

std::vector<IpAddress> addresses_to_connect(const std::string& url, const AddressPolicy& policy,
                                            const Resolver& resolver, int64_t timeout_ms) {
    const UrlParts parts = checked_parts(url, policy);
    if (const auto ip = parse_host_ip(parts.host)) return {*ip};
    std::vector<IpAddress> addresses = resolver(parts.host, timeout_ms);
    if (addresses.empty()) throw Error(ErrorCode::network, "the name {} has no address", parts.host);
    for (const IpAddress& address : addresses) {
        if (!may_connect(address, policy))
            throw Error(ErrorCode::permission, "only public addresses are called; one of {} is not", parts.host);
    }
    if (addresses.size() > kMostAddresses) addresses.resize(kMostAddresses);
    return addresses;
}

}  // namespace ft
