#include "base/character_kind.h"

#include <algorithm>
#include <iterator>

namespace ft {
namespace {

struct CodeRange {
    char32_t first, last;
};

#include "base/unicode_categories.inc"

template <size_t n>
bool contains(const CodeRange (&table)[n], char32_t code) {
    const auto* range =
        std::partition_point(std::begin(table), std::end(table), [code](const CodeRange& r) { return r.last < code; });
    return range != std::end(table) && code >= range->first;
}

}  // namespace

CharacterKind character_kind(char32_t code) {
    if (code < 0x80) {
        if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') return CharacterKind::letter;
        if (code >= '0' && code <= '9') return CharacterKind::number;
        return code == ' ' || (code >= 9 && code <= 13) ? CharacterKind::space : CharacterKind::other;
    }
    if (contains(letters, code)) return CharacterKind::letter;
    if (contains(numbers, code)) return CharacterKind::number;
    return contains(spaces, code) ? CharacterKind::space : CharacterKind::other;
}

}  // namespace ft
