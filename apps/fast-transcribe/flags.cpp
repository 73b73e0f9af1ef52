#include "flags.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "base/user_input.h"

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

}  // namespace ft
