#pragma once
// JSON of others, read without trust: every error names the file and the key.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

/// Throws Error{bad_model} that says where the text stops being JSON.
nlohmann::json parse_json_object(std::string_view text, const std::string& where);

/// nullptr when the key is absent or null.
const nlohmann::json* find_member(const nlohmann::json& object, const char* key);

/// A whole number in [lowest, highest]. Throws Error{bad_model} when it is missing, no whole number or outside.
int32_t required_integer(const nlohmann::json& object, const char* key, int32_t lowest, int32_t highest,
                         const std::string& where);

/// `value` if it is a whole number in [lowest, highest]; throws Error{bad_model} naming `what` otherwise.
int32_t checked_integer(const nlohmann::json& value, int32_t lowest, int32_t highest, const std::string& what,
                        const std::string& where);

}  // namespace ft
