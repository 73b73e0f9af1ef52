#include "flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/text.h"

namespace ft {

namespace {

/// What a flag is called in the table: --Max-Line-Width is not accepted, --max-line-width is.
std::string canonical(std::string_view name) {
    std::string out(name);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

bool is_boolean(std::string_view text) {
    const std::string word = lower_ascii(text);
    return word == "true" || word == "false";
}

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row[b.size()];
}

[[noreturn]] void unknown_flag(const std::string& written, const std::string& name, const std::vector<Flag>& flags) {
    std::vector<std::string> known;
    for (const Flag& flag : flags) known.push_back(flag.name);
    const std::string guess = nearest_word(name, known);
    throw Error(ErrorCode::invalid_argument, "unknown flag {}{}", written,
                guess.empty() ? std::string() : "; did you mean --" + guess + "?");
}

/// One flag as written, taken apart; `value` is set when it stands in the same argument (--x=v, -ov).
struct Written {
    const Flag* flag = nullptr;
    std::string shown;
    std::optional<std::string> value;
};

Written take_apart(const std::string& argument, const std::vector<Flag>& flags) {
    Written written;
    if (argument[1] != '-') {
        for (const Flag& flag : flags) {
            if (flag.letter != argument[1]) continue;
            written.flag = &flag;
            written.shown = argument.substr(0, 2);
            if (argument.size() > 2) written.value = argument.substr(argument[2] == '=' ? 3 : 2);
            return written;
        }
        unknown_flag(argument, argument.substr(1), flags);
    }
    const size_t equals = argument.find('=');
    written.shown = argument.substr(0, equals);
    if (equals != std::string::npos) written.value = argument.substr(equals + 1);
    const std::string name = canonical(written.shown.substr(2));
    const auto found = std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) { return flag.name == name; });
    if (found == flags.end()) unknown_flag(written.shown, name, flags);
    written.flag = &*found;
    return written;
}

bool is_known_flag(const std::string& argument, const std::vector<Flag>& flags) {
    if (argument.size() < 2 || argument[0] != '-') return false;
    return std::any_of(flags.begin(), flags.end(), [&](const Flag& flag) {
        if (argument[1] != '-') return argument.size() == 2 && flag.letter == argument[1];
        return flag.name == canonical(argument.substr(2, argument.find('=') - 2));
    });
}

/// Breaks at spaces; every line but the first begins with `indent` spaces.
std::string wrap(const std::string& text, size_t indent, size_t width) {
    std::string out, line;
    size_t begin = 0;
    while (begin < text.size()) {
        const size_t end = std::min(text.find(' ', begin), text.size());
        const std::string word = text.substr(begin, end - begin);
        if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
            out += line + "\n" + std::string(indent, ' ');
            line.clear();
        }
        if (!line.empty()) line += ' ';
        line += word;
        begin = end + 1;
    }
    return out + line;
}

}  // namespace

std::vector<std::string> parse_flags(const std::vector<std::string>& arguments, const std::vector<Flag>& flags) {
    std::vector<std::string> rest;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument == "--") {
            rest.insert(rest.end(), arguments.begin() + static_cast<ptrdiff_t>(i) + 1, arguments.end());
            break;
        }
        if (argument.size() < 2 || argument[0] != '-') {
            rest.push_back(argument);
            continue;
        }
        Written written = take_apart(argument, flags);
        if (written.flag->value.empty()) {
            const bool next_is_value = !written.value && i + 1 < arguments.size() && is_boolean(arguments[i + 1]);
            const std::string value = next_is_value ? arguments[++i] : written.value.value_or("true");
            if (!is_boolean(value)) {
                throw Error(ErrorCode::invalid_argument, "{} {}: takes True or False, or no value at all",
                            written.shown, value);
            }
            written.flag->apply(lower_ascii(value));
            continue;
        }
        if (!written.value) {
            // `-o -f srt` forgot the folder; a value that does look like a flag is written --flag=value.
            if (i + 1 == arguments.size() || is_known_flag(arguments[i + 1], flags)) {
                throw Error(ErrorCode::invalid_argument, "{}: needs a value, {}", written.shown, written.flag->value);
            }
            written.value = arguments[++i];
        }
        written.flag->apply(*written.value);
    }
    return rest;
}

std::string flags_help(const std::vector<Flag>& flags, int width) {
    constexpr size_t column = 34;
    std::string out, group;
    for (const Flag& flag : flags) {
        if (flag.group.empty()) continue;
        if (flag.group != group) {
            group = flag.group;
            out += "\n" + group + ":\n";
        }
        std::string left = flag.letter ? std::string("  -") + flag.letter + ", --" : "      --";
        left += flag.name;
        if (!flag.value.empty()) left += " " + flag.value;
        if (left.size() + 2 > column) {
            out += left + "\n" + std::string(column, ' ');
        } else {
            out += left + std::string(column - left.size(), ' ');
        }
        out += wrap(flag.help, column, static_cast<size_t>(width)) + "\n";
    }
    return out;
}

double parse_number(std::string_view flag, const std::string& text, double min, double max) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // Written so that a NaN fails too.
    if (error != std::errc() || end != text.data() + text.size() || !(value >= min && value <= max)) {
        throw Error(ErrorCode::invalid_argument, "--{} {}: must be a number from {} to {}", flag, text, min, max);
    }
    return value;
}

int64_t parse_integer(std::string_view flag, const std::string& text, int64_t min, int64_t max) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
        throw Error(ErrorCode::invalid_argument, "--{} {}: must be a whole number from {} to {}", flag, text, min, max);
    }
    return value;
}

std::optional<double> parse_optional_number(std::string_view flag, const std::string& text, double min, double max) {
    if (lower_ascii(text) == "none") return std::nullopt;
    return parse_number(flag, text, min, max);
}

std::string nearest_word(std::string_view wanted, const std::vector<std::string>& known) {
    std::string best;
    // A third of the letters may be wrong: more, and the guess would be a joke.
    size_t best_distance = std::max<size_t>(1, wanted.size() / 3) + 1;
    for (const std::string& word : known) {
        const size_t distance = edit_distance(wanted, word);
        if (distance < best_distance) {
            best_distance = distance;
            best = word;
        }
    }
    return best;
}

}  // namespace ft
