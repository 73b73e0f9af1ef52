#include "decoding/pre_tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/utf8.h"

namespace ft {
namespace {

struct CodeRange {
    char32_t first, last;
};

#include "decoding/unicode_categories.inc"

enum class Kind : uint8_t { letter, number, space, other };

template <size_t n>
bool contains(const CodeRange (&table)[n], char32_t code) {
    const auto* range = std::partition_point(std::begin(table), std::end(table),
                                             [code](const CodeRange& r) { return r.last < code; });
    return range != std::end(table) && code >= range->first;
}

Kind kind_of(char32_t code) {
    if (code < 0x80) {
        if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') return Kind::letter;
        if (code >= '0' && code <= '9') return Kind::number;
        return code == ' ' || (code >= 9 && code <= 13) ? Kind::space : Kind::other;
    }
    if (contains(letters, code)) return Kind::letter;
    if (contains(numbers, code)) return Kind::number;
    return contains(spaces, code) ? Kind::space : Kind::other;
}

struct Sign {
    Kind kind;
    size_t length;
};

Sign sign_at(std::string_view text, size_t at) {
    const Utf8Char c = decode_utf8(text, at);
    return {c.valid ? kind_of(c.code) : Kind::other, c.length};
}

size_t contraction_length(std::string_view rest) {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
        if (rest.substr(0, ending.size()) == ending) return ending.size();
    }
    return 0;
}

/// A run of spaces leaves its last sign to the word that follows, unless it is the only one.
size_t space_end(std::string_view text, size_t at) {
    size_t end = at, last = at;
    while (end < text.size()) {
        const Sign sign = sign_at(text, end);
        if (sign.kind != Kind::space) return last == at ? end : last;
        last = end;
        end += sign.length;
    }
    return end;
}

}  // namespace

size_t piece_end(std::string_view text, size_t at) {
    if (const size_t length = contraction_length(text.substr(at))) return at + length;
    const size_t start = text[at] == ' ' && at + 1 < text.size() ? at + 1 : at;
    Sign sign = sign_at(text, start);
    if (sign.kind == Kind::space) return space_end(text, at);
    const Kind kind = sign.kind;
    size_t end = start;
    do {
        end += sign.length;
        if (end >= text.size()) break;
        sign = sign_at(text, end);
    } while (sign.kind == kind);
    return end;
}

}  // namespace ft
