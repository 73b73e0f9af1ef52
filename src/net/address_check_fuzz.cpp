// Whatever stands where the host should: what is let through is a name, or an address that the system, too, takes for a
// public one.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "net/address_check.h"
#include "net/url.h"

namespace {

/// As the system reads numbers; looks no name up.
void check_number(const std::string& host) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* list = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return;
    ft::IpAddress address;
    address.is_v6 = list->ai_family == AF_INET6;
    if (address.is_v6) {
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(list->ai_addr)->sin6_addr, 16);
    } else {
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(list->ai_addr)->sin_addr, 4);
    }
    ::freeaddrinfo(list);
    if (!ft::is_global(address)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (const std::string& url : {"https://" + text, "https://" + text + "/", text}) {
        try {
            ft::check_url(url, {});
            const auto parts = ft::parse_url(url);
            if (!parts || parts->scheme != "https" || parts->host.empty() || parts->has_user) std::abort();
            const bool bracketed = parts->host.front() == '[';
            check_number(bracketed ? parts->host.substr(1, parts->host.size() - 2) : parts->host);
        } catch (const ft::Error& error) {
            if (error.code() != ft::ErrorCode::invalid_argument) std::abort();
        }
    }
    return 0;
}
