#pragma once
// IPv4 and IPv6 addresses as values, and whether one belongs to the public Internet.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ft {

struct IpAddress {
    bool is_v6 = false;
    std::array<uint8_t, 16> bytes{};  ///< in the order of the network; of IPv4 the first four count

    bool operator==(const IpAddress&) const = default;
};

/// "192.0.2.1", "2001:db8::1"; nothing else, brackets and zones included.
std::optional<IpAddress> parse_ip(std::string_view text);
/// What stands as host in an address: as parse_ip, in brackets, and every way of writing IPv4 that a resolver takes:
/// "2130706433", "0x7f.1", "0177.0.0.1". Nothing when it is a name.
std::optional<IpAddress> parse_host_ip(std::string_view host);
std::string to_string(const IpAddress& address);

/// False for what the IANA registries of special purposes keep for machines, sites, links, documents and tests, for
/// multicast and unassigned space, for every form of IPv6 that has another IPv4 address inside (mapped, NAT64, 6to4,
/// Teredo, ISATAP), and for the one public address behind which a cloud keeps its machines' own service.
bool is_global(const IpAddress& address);

/// A prefix, "10.0.0.0/8".
struct IpNetwork {
    IpAddress address;
    int bits = 0;

    bool contains(const IpAddress& other) const;
};
/// Also a single address. Throws Error{invalid_argument}.
IpNetwork parse_network(std::string_view text);

}  // namespace ft
