#include "server/access.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/hmac.h"
#include "base/sha256.h"
#include "base/text.h"
#include "net/ip_address.h"
#include "net/url.h"

namespace ft {

namespace {

std::string digest_of(std::string_view key) {
    return sha256_hex(std::as_bytes(std::span(key)));
}

bool is_digest(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(),
                                            [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

bool is_loopback_host(std::string_view host) {
    const std::string name = lower_ascii(host);
    if (name == "localhost" || name == "::1" || name == "[::1]") return true;
    const auto address = parse_ip(name);
    return address && !address->is_v6 && address->bytes[0] == 127;
}

std::string host_without_port(std::string_view authority) {
    const size_t bracket = authority.find(']');
    const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    return std::string(authority.substr(0, colon));
}

std::string foreign_page(const std::string& host_header, const std::string& origin, bool loopback_only) {
    if (host_header.empty()) return "the request has no Host";
    if (loopback_only && !is_loopback_host(host_without_port(host_header)))
        return "this server has no keys and answers to localhost, 127.0.0.1 and [::1] only; start it with --api-keys "
               "to "
               "reach it by another name";
    if (origin.empty()) return "";
    const auto page = parse_url(origin), own = parse_url("http://" + host_header);
    // Ports count as well: a page that another program of this machine serves is another's.
    const bool same = page && own && page->host == own->host &&
                      (page->port == own->port || lower_ascii(origin) == "https://" + lower_ascii(host_header));
    return same ? "" : "the request comes from a page of another origin";
}

ApiKeys ApiKeys::parse(std::string_view text, std::string_view origin) {
    ApiKeys keys;
    int number = 0;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.empty() || line.front() == '#') continue;
        const size_t blank = std::min(line.find_first_of(" \t"), line.size());
        Key key{lower_ascii(line.substr(0, blank)), trimmed(line.substr(blank))};
        const bool named = !key.name.empty() && key.name.size() <= 64 &&
                           std::all_of(key.name.begin(), key.name.end(), [](char c) { return c > ' ' && c < 127; });
        // The line may hold a key by mistake: it is not repeated.
        if (!is_digest(key.digest) || !named)
            throw Error(
                ErrorCode::invalid_argument,
                "{}, line {}: must be the SHA-256 of a key (64 hexadecimal digits), a blank and a name; printf %s "
                "KEY | sha256sum gives it",
                origin, number);
        keys.keys_.push_back(std::move(key));
    }
    if (keys.keys_.empty()) throw Error(ErrorCode::invalid_argument, "{}: holds no key", origin);
    return keys;
}

std::string ApiKeys::name_of(std::string_view authorization) const {
    const size_t blank = std::min(authorization.find(' '), authorization.size());
    if (lower_ascii(authorization.substr(0, blank)) != "bearer") return "";
    const std::string digest = digest_of(trimmed(authorization.substr(blank)));
    std::string name;
    for (const Key& key : keys_) {
        if (equal_in_constant_time(key.digest, digest)) name = key.name;
    }
    return name;
}

ClientLimits::Place::~Place() {
    const std::lock_guard lock(limits_.mutex_);
    const auto found = limits_.under_way_.find(client_);
    if (--found->second == 0) limits_.under_way_.erase(found);
}

std::unique_ptr<ClientLimits::Place> ClientLimits::take(const std::string& client) {
    const std::lock_guard lock(mutex_);
    int& count = under_way_[client];
    if (count >= most_) {
        if (count == 0) under_way_.erase(client);
        return nullptr;
    }
    ++count;
    return std::make_unique<Place>(*this, client);
}

}  // namespace ft
