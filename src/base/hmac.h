#pragma once
// Signatures with a shared key.
#include <string>
#include <string_view>

namespace ft {

/// HMAC-SHA-256 (RFC 2104): 32 bytes, not text. Throws Error{internal} where OpenSSL has none.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// Takes the same time wherever two texts of one length differ, so that a guess cannot be improved byte by byte.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ft
