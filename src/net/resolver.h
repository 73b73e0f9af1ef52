#pragma once
// Names of hosts → addresses, handed in so that tests decide what a name means.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/ip_address.h"

namespace ft {

/// All addresses of `host`, which is a name, in the order to try them; none when it has none. Throws Error{network}
/// when no answer came within `timeout_ms`. Any thread may call it.
using Resolver = std::function<std::vector<IpAddress>(const std::string& host, int64_t timeout_ms)>;

/// The system's: /etc/hosts, DNS and whatever else it is set up to ask.
std::vector<IpAddress> resolve_by_system(const std::string& host, int64_t timeout_ms);

}  // namespace ft
