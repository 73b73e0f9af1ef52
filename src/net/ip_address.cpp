#include "net/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/error.h"
#include "base/utf8.h"

namespace ft {

namespace {

/// IANA's registry of IPv4 for special purposes, as far as it is not reachable from everywhere; multicast; reserved.
constexpr std::string_view kSpecialV4[] = {
    "0.0.0.0/8",        // this host
    "10.0.0.0/8",       // private
    "100.64.0.0/10",    // behind a provider's NAT; also cloud metadata services
    "127.0.0.0/8",      // loopback
    "168.63.129.16",    // Azure's service for its machines
    "169.254.0.0/16",   // link-local; cloud metadata services
    "172.16.0.0/12",    // private
    "192.0.0.0/24",     // protocol assignments
    "192.0.2.0/24",     // documentation
    "192.88.99.0/24",   // 6to4 relays
    "192.168.0.0/16",   // private
    "198.18.0.0/15",    // benchmarks
    "198.51.100.0/24",  // documentation
    "203.0.113.0/24",   // documentation
    "224.0.0.0/4",      // multicast
    "240.0.0.0/4",      // reserved; broadcast
};

/// All that is assigned to the public Internet so far.
constexpr std::string_view kPublicV6 = "2000::/3";
constexpr std::string_view kSpecialV6[] = {
    "2001::/23",      // protocol assignments; Teredo carries IPv4 addresses
    "2001:db8::/32",  // documentation
    "2002::/16",      // 6to4 carries IPv4 addresses
    "3fff::/20",      // documentation
};

bool any_contains(const auto& networks, const IpAddress& address) {
    return std::any_of(std::begin(networks), std::end(networks),
                       [&](std::string_view text) { return parse_network(text).contains(address); });
}

/// The last eight bytes are 00-00-5e-fe or 02-00-5e-fe and an IPv4 address, to which a router may send it.
bool is_isatap(const IpAddress& address) {
    return (address.bytes[8] & 0xFC) == 0 && address.bytes[9] == 0 && address.bytes[10] == 0x5E &&
           address.bytes[11] == 0xFE;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
    const std::string zero_ended(text);
    // A zero byte inside would end the text early.
    if (zero_ended.find('\0') != std::string::npos) return std::nullopt;
    IpAddress address;
    if (::inet_pton(AF_INET, zero_ended.c_str(), address.bytes.data()) == 1) return address;
    address.is_v6 = true;
    if (::inet_pton(AF_INET6, zero_ended.c_str(), address.bytes.data()) == 1) return address;
    return std::nullopt;
}

std::optional<IpAddress> parse_host_ip(std::string_view host) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        const auto inner = parse_ip(host.substr(1, host.size() - 2));
        return inner && inner->is_v6 ? inner : std::nullopt;
    }
    if (const auto plain = parse_ip(host)) return plain;
    // inet_aton stops at a blank and takes what is in front of it.
    if (host.find_first_not_of("0123456789abcdefABCDEFxX.") != std::string_view::npos) return std::nullopt;
    in_addr number{};
    if (::inet_aton(std::string(host).c_str(), &number) == 0) return std::nullopt;
    IpAddress address;
    std::memcpy(address.bytes.data(), &number.s_addr, 4);
    return address;
}

std::string to_string(const IpAddress& address) {
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
    return text;
}

bool is_global(const IpAddress& address) {
    if (!address.is_v6) return !any_contains(kSpecialV4, address);
    return parse_network(kPublicV6).contains(address) && !any_contains(kSpecialV6, address) && !is_isatap(address);
}

bool IpNetwork::contains(const IpAddress& other) const {
    if (other.is_v6 != address.is_v6) return false;
    for (int bit = 0; bit < bits; bit += 8) {
        const int left = std::min(8, bits - bit);
        const unsigned mask = (0xFFU << (8 - left)) & 0xFFU;
        const auto at = static_cast<size_t>(bit / 8);
        if (((address.bytes[at] ^ other.bytes[at]) & mask) != 0) return false;
    }
    return true;
}

IpNetwork parse_network(std::string_view text) {
    const size_t slash = text.find('/');
    const auto address = parse_ip(text.substr(0, slash));
    IpNetwork network;
    if (address) {
        const int longest = address->is_v6 ? 128 : 32;
        network = {*address, longest};
        if (slash == std::string_view::npos) return network;
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), network.bits);
        if (failure == std::errc() && end == digits.data() + digits.size() && network.bits >= 0 &&
            network.bits <= longest) {
            return network;
        }
    }
    throw Error(ErrorCode::invalid_argument, "'{}' is no network: write it as 10.0.0.0/8, fd00::/8 or one address",
                valid_utf8(text));
}

}  // namespace ft
