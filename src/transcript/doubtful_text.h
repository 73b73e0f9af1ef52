#pragma once
// What text alone says of whether it was spoken: phrases that Whisper invents where nobody speaks, loops, a language
// that nobody asked for, a prompt said again. None of it is proof, so none of it decides alone (transcriber/repair.h).
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

/// Letters and digits in lower case; all else parts words.
std::vector<std::string> plain_words(std::string_view text);

/// The whole text is a phrase that Whisper is known to write where nobody speaks (credits of subtitles, thanks for
/// watching, a word said over and over), or has no word at all. People say some of them, too.
bool is_known_invention(std::string_view text);

/// Words, where what is said a third time and more right after itself counts no more: a loop's worth.
size_t words_without_loops(std::span<const std::string> words);

/// Reads like another language than `language` (a code): by its script, and for the languages around Swedish by its
/// commonest words. False when unsure, as for short texts.
bool is_foreign(std::span<const std::string> words, std::string_view language);

/// Most of the text is words of the prompt in the prompt's order: four at least, and four fifths of the text.
bool echoes_prompt(std::span<const std::string> words, std::span<const std::string> prompt);

}  // namespace ft
