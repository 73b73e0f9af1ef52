#pragma once
// Command-line flags in the style that users of Whisper programs know: `--max_line_width 40`, `--max-line-width=40`,
// `--vad_filter`, `--vad_filter False`, `-f srt`. A table of flags gives both the parsing and the help.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

struct Flag {
    std::string name;   ///< with underscores, without the dashes: "output_dir"
    char letter = 0;    ///< 'o' for -o; 0: none
    std::string value;  ///< what the help calls its value, "DIR"; empty: a switch that may be followed by True or False
    std::string group;  ///< heading in the help; empty: not shown there
    std::string help;
    /// Given the value, or "true"/"false" for a switch. Throws Error{invalid_argument}.
    std::function<void(const std::string& value)> apply;
};

/// Applies the flags among `arguments` in their order (the last one wins) and returns what is not a flag.
/// "-" is not a flag; after "--" nothing is. Throws Error{invalid_argument}: for an unknown flag with the nearest known
/// one.
std::vector<std::string> parse_flags(const std::vector<std::string>& arguments, const std::vector<Flag>& flags);

/// The flags under their groups' headings, wrapped to `width` columns.
std::string flags_help(const std::vector<Flag>& flags, int width = 100);

/// Numbers as the user wrote them; the sentence of the error names the flag and the range.
double parse_number(std::string_view flag, const std::string& text, double min, double max);
int64_t parse_integer(std::string_view flag, const std::string& text, int64_t min, int64_t max);
/// Like parse_number, but "None" is no value.
std::optional<double> parse_optional_number(std::string_view flag, const std::string& text, double min, double max);

/// The word of `known` that `wanted` is most probably a misspelling of; empty when none is near.
std::string nearest_word(std::string_view wanted, const std::vector<std::string>& known);

}  // namespace ft
