#include "base/user_input.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <sstream>

#include "base/error.h"
#include "base/text.h"

namespace ft {

namespace {

/// Letters that are missing, too many, wrong, or two that have changed places: "prot" is one away from "port".
size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before, above(b.size() + 1), row(b.size() + 1);
    std::iota(above.begin(), above.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const bool same = a[i - 1] == b[j - 1];
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
    }
    return above[b.size()];
}

}  // namespace

double parse_number(std::string_view name, const std::string& text, double min, double max) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // Written so that a NaN fails too.
    if (error != std::errc() || end != text.data() + text.size() || !(value >= min && value <= max)) {
        throw Error(ErrorCode::invalid_argument, "{} {}: must be a number from {} to {}", name, text, min, max);
    }
    return value;
}

int64_t parse_integer(std::string_view name, const std::string& text, int64_t min, int64_t max) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
        throw Error(ErrorCode::invalid_argument, "{} {}: must be a whole number from {} to {}", name, text, min, max);
    }
    return value;
}

std::optional<double> parse_optional_number(std::string_view name, const std::string& text, double min, double max) {
    if (lower_ascii(text) == "none") return std::nullopt;
    return parse_number(name, text, min, max);
}

size_t parse_memory(std::string_view name, const std::string& text) {
    constexpr double most = 1e15;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string unit = error == std::errc() ? lower_ascii(std::string(end, text.data() + text.size())) : "";
    const double scale = unit == "mb" ? 1e6 : unit == "gb" ? 1e9 : unit == "mib" ? 0x1p20 : unit == "gib" ? 0x1p30 : 0;
    if (!(value * scale >= 1 && value * scale <= most))
        throw Error(ErrorCode::invalid_argument, "{} {}: must be a size with its unit, such as 800MB or 4GB", name,
                    text);
    return static_cast<size_t>(value * scale);
}

std::vector<std::string> split_list(const std::string& list) {
    std::vector<std::string> parts;
    std::stringstream stream(list);
    for (std::string part; std::getline(stream, part, ',');) {
        part = trimmed(part);
        if (!part.empty()) parts.push_back(std::move(part));
    }
    return parts;
}

std::string nearest_word(std::string_view wanted, const std::vector<std::string>& known) {
    constexpr size_t longest_word = 64;  // nobody misspells a longer one
    std::string best;
    if (wanted.size() > longest_word) return best;
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
