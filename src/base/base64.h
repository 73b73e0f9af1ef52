#pragma once
// base64 with padding and without line breaks (RFC 4648, the plain alphabet).
#include <optional>
#include <string>
#include <string_view>

namespace ft {

std::string to_base64(std::string_view bytes);
/// Nothing when it is no base64: other characters, blanks, a length or a padding that no encoder makes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace ft
