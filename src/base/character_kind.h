#pragma once
// Unicode's classes as far as text processing here needs them.
#include <cstdint>

namespace ft {

enum class CharacterKind : uint8_t {
    letter,  ///< general category L*
    number,  ///< general category N*
    space,   ///< property White_Space
    other,
};

CharacterKind character_kind(char32_t code);

}  // namespace ft
