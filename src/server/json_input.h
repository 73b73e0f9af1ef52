#pragma once
// JSON of strangers. For .cpp files only, as nlohmann's header is heavy.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ft {

/// Throws Error{invalid_argument}, naming `what`, for text that is no JSON, or nested deeper than 32: code that walks
/// through it by recursion would exhaust the stack.
nlohmann::json parse_json_input(std::string_view text, const std::string& what);

}  // namespace ft
