#pragma once
// What every line-based format needs: clean text and clock times.
#include <cstdint>
#include <string>
#include <string_view>

namespace ft {

/// Valid UTF-8 on one line: line breaks and control characters become spaces, spaces at the ends go.
std::string one_line(std::string_view text);

/// Rounded to whole milliseconds. Negative and NaN give 0.
int64_t to_ms(double seconds);

/// "01:02:03,004". Without `always_hours` hours are left out while they are 0: "02:03.004".
std::string clock_time(double seconds, char decimal_mark, bool always_hours);

/// Characters, not bytes.
size_t character_count(std::string_view utf8);

}  // namespace ft
