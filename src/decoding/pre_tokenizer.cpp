#include "decoding/pre_tokenizer.h"

#include "base/character_kind.h"
#include "base/utf8.h"

namespace ft {
namespace {

struct Sign {
    CharacterKind kind;
    size_t length;
};

Sign sign_at(std::string_view text, size_t at) {
    const Utf8Char c = decode_utf8(text, at);
    return {c.valid ? character_kind(c.code) : CharacterKind::other, c.length};
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
        if (sign.kind != CharacterKind::space) return last == at ? end : last;
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
    if (sign.kind == CharacterKind::space) return space_end(text, at);
    const CharacterKind kind = sign.kind;
    size_t end = start;
    do {
        end += sign.length;
        if (end >= text.size()) break;
        sign = sign_at(text, end);
    } while (sign.kind == kind);
    return end;
}

}  // namespace ft
