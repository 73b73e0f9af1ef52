#pragma once
// Addresses taken apart by the library that will use them: what is checked is what is called.
#include <optional>
#include <string>

namespace ft {

struct UrlParts {
    std::string scheme, host;  ///< lower case; IPv6 in brackets
    std::string port;          ///< the scheme's own when none is given
    bool has_user = false;     ///< a user or a password stands in it
};

/// Nothing when it is no address.
std::optional<UrlParts> parse_url(const std::string& url);

}  // namespace ft
