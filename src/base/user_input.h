#pragma once
// What people write as the value of a flag or an option: numbers with a range, words with a misspelling.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

/// Throw Error{invalid_argument}: "<name> <text>: must be a number from <min> to <max>". `name` as the user knows it,
/// e.g. "--threads".
double parse_number(std::string_view name, const std::string& text, double min, double max);
int64_t parse_integer(std::string_view name, const std::string& text, int64_t min, int64_t max);
/// Like parse_number, but "None" is no value.
std::optional<double> parse_optional_number(std::string_view name, const std::string& text, double min, double max);

/// "800MB", "4GB", "1.5GiB": bytes. Throws Error{invalid_argument}.
size_t parse_memory(std::string_view name, const std::string& text);

/// What stands between commas, without blanks around; empty parts are left out.
std::vector<std::string> split_list(const std::string& list);

/// The word of `known` that `wanted` is most probably a misspelling of; empty when none is near.
std::string nearest_word(std::string_view wanted, const std::vector<std::string>& known);

}  // namespace ft
