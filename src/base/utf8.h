#pragma once
// UTF-8: one character at a time, and repair of byte strings that are not quite UTF-8.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ft {

struct Utf8Char {
    char32_t code = 0xFFFD;  ///< U+FFFD when `valid` is false
    uint8_t length = 1;      ///< bytes to go on by, ≥ 1; of an invalid sequence: its longest well-formed beginning
    bool valid = false;
};

/// The character that starts at `at` (< text.size()). Never reads past the end.
Utf8Char decode_utf8(std::string_view text, size_t at);

/// Appends the character; `code` must be a Unicode scalar value.
void append_utf8(std::string& out, char32_t code);

/// `bytes` with every invalid sequence replaced by U+FFFD, one for each longest well-formed beginning (the Unicode
/// standard's recommended practice, and what Python's bytes.decode("utf-8", errors="replace") does).
std::string valid_utf8(std::string_view bytes);

}  // namespace ft
