#pragma once
// Command-line flags in the style that users of Whisper programs know: `--max_line_width 40`, `--max-line-width=40`,
// `--vad_filter`, `--vad_filter False`, `-f srt`. A table of flags gives both the parsing and the help.
#include <functional>
#include <string>
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

}  // namespace ft
