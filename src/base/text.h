#pragma once
// Small changes to byte strings. Only ASCII is looked at; other bytes stay as they are.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ft {

/// Without blanks, tabs and line ends at both ends.
std::string trimmed(std::string_view text);
std::string lower_ascii(std::string_view text);
/// Two lower-case hexadecimal digits a byte.
std::string to_hex(std::span<const std::byte> bytes);

}  // namespace ft
