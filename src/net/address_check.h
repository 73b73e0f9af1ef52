#pragma once
// Addresses that strangers give us (webhooks, audio to fetch): may we connect there, and where exactly? Without this, a
// server could be sent to machines that only it can reach.
#include <string>
#include <vector>

#include "net/ip_address.h"
#include "net/resolver.h"

namespace ft {

struct AddressPolicy {
    bool allow_http = false;         ///< else https only
    std::vector<IpNetwork> allowed;  ///< though they are not global: the operator's own, 10.0.0.0/8
};

/// Names, ports and numbers of the URL; no connection is made. Throws Error{invalid_argument} for what no retry mends:
/// no URL, another scheme, a user or password in it, a host that is no name, one written as an address that is not
/// global.
void check_url(const std::string& url, const AddressPolicy& policy);

/// check_url, then the host's addresses, looked up once: connect to these and to no other (HttpRequest::addresses), or
/// a second answer may name another machine. Throws Error{network} when the name has no address or no answer comes in
/// time, Error{permission} when any of them is not global; the message does not say which, as that is the inside's
/// affair.
std::vector<IpAddress> addresses_to_connect(const std::string& url, const AddressPolicy& policy,
                                            const Resolver& resolver, int64_t timeout_ms);

}  // namespace ft
