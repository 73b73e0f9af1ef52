#pragma once
// Percent-encoding as SigV4 defines it, and hexadecimal.
#include <string>
#include <string_view>

namespace ft::aws {

/// "%41" → "A"; a percent sign that begins no code stays.
std::string percent_decode(std::string_view text);
/// As in forms: percent-encoded, with "+" for a blank; and back.
std::string form_encode(std::string_view text);
std::string form_decode(std::string text);
/// As net's percent_encode, but "/" stays.
std::string encode_path(std::string_view path);
/// A hexadecimal digest's bytes. Input must be hexadecimal of even length.
std::string from_hex(std::string_view hex);

}  // namespace ft::aws
