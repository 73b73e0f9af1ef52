#pragma once
// Addresses of servers, as users write them.
#include <optional>
#include <string>

namespace ft {

/// "http://host:port/path/" without what ends it; nothing when it is no address of a server: of another scheme, with a
/// user, a query or a fragment.
std::optional<std::string> server_address(std::string url);

/// 127.0.0.0/8, localhost, ::1.
bool is_on_this_machine(const std::string& url);

/// What is sent there goes over a network unencrypted.
bool is_open_to_readers(const std::string& url);

}  // namespace ft
