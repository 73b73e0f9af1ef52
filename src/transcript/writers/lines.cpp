#include "transcript/writers/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/utf8.h"

namespace ft {
namespace {

bool breaks_lines(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

}  // namespace

std::string one_line(std::string_view text) {
    std::string line;
    line.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const Utf8Char c = decode_utf8(text, at);
        if (breaks_lines(c.code)) {
            line += ' ';
        } else {
            append_utf8(line, c.code);
        }
        at += c.length;
    }
    const size_t first = line.find_first_not_of(' ');
    if (first == std::string::npos) return "";
    return line.substr(first, line.find_last_not_of(' ') - first + 1);
}

int64_t to_ms(double seconds) {
    constexpr double longest_s = 1e12;
    if (!(seconds > 0)) return 0;
    return std::llround(std::min(seconds, longest_s) * 1000);
}

std::string clock_time(double seconds, char decimal_mark, bool always_hours) {
    const int64_t ms = to_ms(seconds);
    const int64_t hours = ms / 3'600'000, minutes = ms / 60'000 % 60, whole_s = ms / 1000 % 60;
    const std::string rest = fmt::format("{:02}:{:02}{}{:03}", minutes, whole_s, decimal_mark, ms % 1000);
    return always_hours || hours > 0 ? fmt::format("{:02}:{}", hours, rest) : rest;
}

size_t character_count(std::string_view utf8) {
    return static_cast<size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](char byte) { return (static_cast<uint8_t>(byte) & 0xC0) != 0x80; }));
}

}  // namespace ft
