#include "decoding/word_tokens.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/character_kind.h"
#include "base/utf8.h"

namespace ft {

namespace {

template <size_t N>
bool is_one_of(char32_t code, const std::array<char32_t, N>& list) {
    return std::find(list.begin(), list.end(), code) != list.end();
}

/// Signs that are read aloud: %, §, +, currencies, degrees …
bool is_spoken(char32_t code) {
    static constexpr std::array<char32_t, 15> signs = {U'%', U'‰', U'§', U'&', U'+', U'=', U'@', U'$',
                                                       U'€', U'£', U'°', U'½', U'¼', U'×', U'#'};
    const CharacterKind kind = character_kind(code);
    return kind == CharacterKind::letter || kind == CharacterKind::number || is_one_of(code, signs);
}

/// Marks that belong to the word after them when a space stands before them.
bool opens(char32_t code) {
    static constexpr std::array<char32_t, 16> marks = {U'(', U'[', U'{', U'"', U'\'', U'“', U'‘', U'”',
                                                       U'’', U'„', U'«', U'¿', U'¡',  U'-', U'–', U'—'};
    return is_one_of(code, marks);
}

bool is_in(char32_t code, char32_t first, char32_t last) {
    return code >= first && code <= last;
}

bool has_no_spaces(char32_t code) {
    return is_in(code, 0x0E00, 0x0EFF) || is_in(code, 0x1000, 0x109F) || is_in(code, 0x1780, 0x17FF) ||
           is_in(code, 0x3000, 0x30FF) || is_in(code, 0x3400, 0x4DBF) || is_in(code, 0x4E00, 0x9FFF) ||
           is_in(code, 0xF900, 0xFAFF) || is_in(code, 0xFF00, 0xFFEF) || is_in(code, 0x20000, 0x3134F);
}

bool any(std::string_view text, bool (*holds)(char32_t)) {
    for (size_t at = 0; at < text.size();) {
        const Utf8Char c = decode_utf8(text, at);
        if (c.valid && holds(c.code)) return true;
        at += c.length;
    }
    return false;
}

bool is_whole_utf8(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const Utf8Char c = decode_utf8(text, at);
        if (!c.valid) return false;
        at += c.length;
    }
    return true;
}

bool is_blank(char32_t code) {
    return character_kind(code) == CharacterKind::space;
}
bool is_not_blank(char32_t code) {
    return !is_blank(code);
}

/// " (", " –": a space and nothing but marks that open.
bool is_opening(std::string_view text) {
    return !text.empty() && text[0] == ' ' && !any(text, [](char32_t code) { return !is_blank(code) && !opens(code); });
}

/// Words as raw bytes, before punctuation has joined its neighbours.
std::vector<WordTokens> split_at_spaces(std::span<const int32_t> tokens, const Tokenizer& tokenizer) {
    std::vector<WordTokens> words;
    bool begins = true;  // whatever comes next
    for (size_t i = 0; i < tokens.size(); ++i) {
        if (tokenizer.is_special(tokens[i])) continue;
        const std::string_view bytes = tokenizer.bytes(tokens[i]);
        if (bytes.empty()) continue;
        const bool whole = !words.empty() && is_whole_utf8(words.back().text);
        const bool without_spaces =
            whole && any(bytes, has_no_spaces) && any(words.back().text, has_no_spaces) && any(bytes, is_spoken);
        // After a space that stands alone comes the word that it belongs to.
        const bool after_space = whole && !any(words.back().text, is_not_blank);
        const Utf8Char first = decode_utf8(bytes, 0);
        if (begins || (((first.valid && is_blank(first.code)) || without_spaces) && !after_space)) {
            words.push_back({{}, i, i, 0, 0});
        }
        words.back().text += bytes;
        words.back().end = i + 1;
        begins = false;
    }
    return words;
}

WordTokens joined(const WordTokens& a, const WordTokens& b) {
    return {a.text + b.text, a.begin, b.end, 0, 0};
}

std::vector<WordTokens> attach_punctuation(std::vector<WordTokens> words) {
    // From the back, so that marks that open pile up before their word.
    for (size_t i = words.size(); i-- > 0;) {
        if (i + 1 < words.size() && (is_opening(words[i].text) || !any(words[i].text, is_not_blank))) {
            words[i] = joined(words[i], words[i + 1]);
            words.erase(words.begin() + static_cast<ptrdiff_t>(i) + 1);
        }
    }
    for (size_t i = 1; i < words.size();) {
        if (!any(words[i].text, is_spoken)) {
            words[i - 1] = joined(words[i - 1], words[i]);
            words.erase(words.begin() + static_cast<ptrdiff_t>(i));
        } else {
            ++i;
        }
    }
    // What stands before the first word has none to join but that one.
    if (words.size() > 1 && !any(words[0].text, is_spoken)) {
        words[1] = joined(words[0], words[1]);
        words.erase(words.begin());
    }
    return words;
}

}  // namespace

std::vector<WordTokens> split_words(std::span<const int32_t> tokens, const Tokenizer& tokenizer) {
    std::vector<WordTokens> words = attach_punctuation(split_at_spaces(tokens, tokenizer));
    // A character that is split over tokens counts as spoken.
    const auto silent = [&](size_t token) {
        const std::string_view bytes = tokenizer.bytes(tokens[token]);
        return is_whole_utf8(bytes) && !any(bytes, is_spoken);
    };
    for (WordTokens& word : words) {
        word.text = valid_utf8(word.text);
        word.spoken_begin = word.begin;
        word.spoken_end = word.end;
        while (word.spoken_begin < word.spoken_end && silent(word.spoken_begin)) ++word.spoken_begin;
        while (word.spoken_end > word.spoken_begin && silent(word.spoken_end - 1)) --word.spoken_end;
        if (word.spoken_begin == word.spoken_end) {
            word.spoken_begin = word.begin;
            word.spoken_end = word.end;
        }
    }
    return words;
}

}  // namespace ft
