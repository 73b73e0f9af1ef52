#include "normalize.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/character_kind.h"
#include "base/utf8.h"

namespace ft {
namespace {

struct Folding {
    char32_t code;
    const char32_t* folded;
};
struct Composition {
    char32_t letter, mark, together;
};

#include "text_folding.inc"

char32_t compose(char32_t letter, char32_t mark) {
    const auto* found =
        std::lower_bound(std::begin(compositions), std::end(compositions), std::tie(letter, mark),
                         [](const Composition& c, const auto& key) { return std::tie(c.letter, c.mark) < key; });
    return found != std::end(compositions) && found->letter == letter && found->mark == mark ? found->together : 0;
}

void append_composed(std::u32string& out, char32_t code) {
    const char32_t together = out.empty() ? 0 : compose(out.back(), code);
    if (together != 0) {
        out.back() = together;
    } else {
        out.push_back(code);
    }
}

std::u32string fold(std::string_view text) {
    std::u32string out;
    for (size_t at = 0; at < text.size();) {
        const Utf8Char c = decode_utf8(text, at);
        at += c.length;
        const auto* found = std::lower_bound(std::begin(foldings), std::end(foldings), c.code,
                                             [](const Folding& f, char32_t code) { return f.code < code; });
        if (c.code >= 'A' && c.code <= 'Z') {
            out.push_back(c.code + 32);
        } else if (found != std::end(foldings) && found->code == c.code) {
            for (const char32_t* part = found->folded; *part != 0; ++part) append_composed(out, *part);
        } else {
            append_composed(out, c.code);
        }
    }
    return out;
}

bool leaves_no_gap(char32_t code) {
    return (code >= 0x300 && code <= 0x36F) || code == 0xAD || (code >= 0x200B && code <= 0x200F) || code == 0xFEFF;
}

}  // namespace

std::vector<std::string> comparable_words(std::string_view text) {
    std::vector<std::string> words;
    bool in_word = false;
    for (const char32_t code : fold(text)) {
        if (leaves_no_gap(code)) continue;
        const CharacterKind kind = character_kind(code);
        const bool part = kind == CharacterKind::letter || kind == CharacterKind::number;
        if (part && !in_word) words.emplace_back();
        if (part) append_utf8(words.back(), code);
        in_word = part;
    }
    return words;
}

}  // namespace ft
