#pragma once
// Tokens → words: runs between spaces, so that "1,5", "10:30", "t.ex." and "50%" stay whole, with their punctuation.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "decoding/tokenizer.h"

namespace ft {

/// Neighbouring tokens that are one word.
struct WordTokens {
    std::string text;                         ///< with the space before it, as the tokens have it; valid UTF-8
    size_t begin = 0, end = 0;                ///< of the tokens given: all of the word
    size_t spoken_begin = 0, spoken_end = 0;  ///< of these: without the punctuation at both ends, where any is left
};

/// Special tokens belong to no word. A word begins where a token begins with a space; what has no letter or digit joins
/// the word before it (marks that open, and dashes, the word after it). In scripts without spaces (Chinese, Japanese,
/// Thai, Lao, Burmese, Khmer) every token that is whole characters is a word. All words' texts one after another are
/// the text of the tokens.
std::vector<WordTokens> split_words(std::span<const int32_t> tokens, const Tokenizer& tokenizer);

}  // namespace ft
