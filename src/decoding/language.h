#pragma once
// Names of languages ↔ Whisper's codes.
#include <span>
#include <string>
#include <string_view>

namespace ft {

struct Language {
    std::string_view code;  ///< as in the token <|sv|>
    std::string_view name;  ///< English, lower case: what OpenAI's API gives as `language`
};

/// The hundred languages of Whisper large-v3, in the order of their tokens; older models lack the last one.
std::span<const Language> languages();

/// The code for a code, a name in English or (the Nordic ones and a few more) in Swedish, or a tag with a region:
/// "sv", "Swedish", "svenska", "sv-SE" → "sv". Upper and lower case are equal. "" when there is no such language.
std::string_view find_language(std::string_view name_or_code);

/// As find_language, and "auto" for "auto". Throws Error{invalid_argument} saying what may stand there.
std::string parse_language(std::string_view name_or_code);

/// The English name for a code, "" when unknown.
std::string_view language_name(std::string_view code);

}  // namespace ft
