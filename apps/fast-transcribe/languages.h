#pragma once
// The languages of the Whisper family: codes as its tokens have them, and the names people type.
#include <string>
#include <string_view>

namespace ft {

/// "sv", "Swedish", "svenska", "swedish" → "sv"; "auto" (also "None", "") → "auto".
/// Throws Error{invalid_argument} with the nearest known name.
std::string language_code(std::string_view name);

/// Every code and name, for the help text: "af Afrikaans, am Amharic, …".
std::string language_list();

}  // namespace ft
