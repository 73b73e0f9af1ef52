#include "transcript/doubtful_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/character_kind.h"
#include "base/utf8.h"

namespace ft {

namespace {

constexpr size_t longest_loop = 12;  // words

char32_t lower(char32_t c) {
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7)) return c + 32;
    return c;
}

bool is_latin(char32_t c) {
    return c < 0x250 || (c >= 0x1E00 && c < 0x1F00);
}

/// Whole texts, as plain words.
constexpr std::array<std::string_view, 30> inventions = {
    "svensktextning nu",
    "www svensktextning nu",
    "svensk textning nu",
    "textning nu",
    "undertexter från amara org gemenskapen",
    "undertexter av amara org gemenskapen",
    "undertexter amara org gemenskapen",
    "textning stina hedin",
    "textning stina hedin www btistudios com",
    "stina hedin www btistudios com",
    "www btistudios com",
    "undertexter från amara org",
    "tack",
    "tack tack",
    "tack så mycket",
    "tack för att du tittade",
    "tack för att ni tittade",
    "tack för att du har tittat",
    "tack för att ni har tittat",
    "tack för att du har tittat på videon",
    "tack för idag",
    "tack för mig",
    "hej då",
    "musik",
    "applåder",
    "thank you",
    "thanks for watching",
    "thank you for watching",
    "subtitles by the amara org community",
    "you",
};

/// Beginnings: what follows differs from one invention to the next.
constexpr std::array<std::string_view, 5> invented_beginnings = {
    "tack till elever och personal",
    "textning stina hedin",
    "undertexter från amara",
    "svensktextning nu",
    "textning av ",
};

struct CommonWords {
    std::string_view language;
    std::array<std::string_view, 16> words;  // that no other of these languages has, as far as can be
};

constexpr CommonWords common_words[] = {
    {"sv",
     {"och", "att", "är", "jag", "inte", "på", "som", "för", "också", "när", "från", "eller", "något", "mycket", "vad",
      "ska"}},
    {"en",
     {"the", "and", "of", "to", "you", "that", "it", "this", "was", "we", "have", "with", "they", "but", "what",
      "are"}},
    {"da",
     {"og", "jeg", "ikke", "af", "hvad", "også", "noget", "hvor", "efter", "blev", "kunne", "mig", "dig", "nu", "meget",
      "være"}},
    {"no",
     {"og", "jeg", "ikke", "av", "hva", "også", "noe", "hvor", "etter", "ble", "kunne", "meg", "deg", "nå", "mye",
      "være"}},
    {"de",
     {"und", "ich", "nicht", "das", "ist", "der", "die", "sie", "wir", "ein", "zu", "auch", "auf", "mit", "wie", "es"}},
    {"fi",
     {"ja", "on", "ei", "että", "se", "niin", "mutta", "kun", "minä", "hän", "tämä", "mitä", "olen", "ovat", "siis",
      "nyt"}},
};

std::string_view family(std::string_view language) {
    return language == "nn" ? std::string_view("no") : language;
}

size_t count_common(std::span<const std::string> words, const CommonWords& common) {
    return static_cast<size_t>(std::count_if(words.begin(), words.end(), [&](const std::string& word) {
        return std::find(common.words.begin(), common.words.end(), word) != common.words.end();
    }));
}

/// (letters, of them Latin ones)
std::pair<size_t, size_t> count_letters(std::span<const std::string> words) {
    size_t letters = 0, latin = 0;
    for (const std::string& word : words) {
        for (size_t at = 0; at < word.size();) {
            const Utf8Char c = decode_utf8(word, at);
            at += c.length;
            if (!c.valid || character_kind(c.code) != CharacterKind::letter) continue;
            ++letters;
            latin += is_latin(c.code) ? 1 : 0;
        }
    }
    return {letters, latin};
}

bool is_written_in_latin(std::string_view language) {
    constexpr std::array<std::string_view, 24> known = {"sv", "en", "da", "no", "nn", "de", "fi", "fr",
                                                        "es", "it", "pt", "nl", "pl", "is", "fo", "et",
                                                        "lv", "lt", "cs", "sk", "hu", "ro", "tr", "hr"};
    return std::find(known.begin(), known.end(), language) != known.end();
}

std::string joined(std::span<const std::string> words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
    return all;
}

}  // namespace

std::vector<std::string> plain_words(std::string_view text) {
    std::vector<std::string> words;
    bool inside = false;
    for (size_t at = 0; at < text.size();) {
        const Utf8Char c = decode_utf8(text, at);
        at += c.length;
        const CharacterKind kind = c.valid ? character_kind(c.code) : CharacterKind::other;
        const bool part = kind == CharacterKind::letter || kind == CharacterKind::number;
        if (part && !inside) words.emplace_back();
        if (part) append_utf8(words.back(), lower(c.code));
        inside = part;
    }
    return words;
}

bool is_known_invention(std::string_view text) {
    const std::vector<std::string> words = plain_words(text);
    if (words.empty()) return true;
    const bool one_word = std::all_of(words.begin(), words.end(), [&](const auto& word) { return word == words[0]; });
    if (one_word && words.size() >= 4) return true;  // "Ja, ja, ja, ja"
    const std::string plain = joined(words);
    return std::find(inventions.begin(), inventions.end(), plain) != inventions.end() ||
           std::any_of(invented_beginnings.begin(), invented_beginnings.end(),
                       [&](std::string_view beginning) { return plain.compare(0, beginning.size(), beginning) == 0; });
}

size_t words_without_loops(std::span<const std::string> words) {
    size_t count = 0;
    for (size_t i = 0; i < words.size();) {
        size_t repeated = 0;
        for (size_t period = 1; period <= longest_loop && repeated == 0; ++period) {
            if (i < 2 * period || i + period > words.size()) continue;
            const auto here = words.begin() + static_cast<ptrdiff_t>(i);
            const auto length = static_cast<ptrdiff_t>(period);
            if (std::equal(here, here + length, here - length) && std::equal(here, here + length, here - 2 * length))
                repeated = period;
        }
        count += repeated == 0 ? 1 : 0;
        i += std::max<size_t>(1, repeated);
    }
    return count;
}

bool is_foreign(std::span<const std::string> words, std::string_view language) {
    const auto [letters, latin] = count_letters(words);
    if (letters >= 6 && is_written_in_latin(language) && latin * 2 < letters) return true;
    const auto* own = std::find_if(std::begin(common_words), std::end(common_words),
                                   [&](const CommonWords& common) { return common.language == family(language); });
    if (words.size() < 6 || own == std::end(common_words)) return false;
    const size_t native = count_common(words, *own);
    for (const CommonWords& other : common_words) {
        if (other.language == own->language) continue;
        // Danish and Norwegian Bokmål share most of theirs.
        const bool twins =
            (other.language == "da" && own->language == "no") || (other.language == "no" && own->language == "da");
        const size_t theirs = count_common(words, other);
        if (!twins && theirs >= 3 && theirs * 6 >= words.size() && native * 3 <= theirs) return true;
    }
    return false;
}

bool echoes_prompt(std::span<const std::string> words, std::span<const std::string> prompt) {
    // The longest run of the prompt's words that the text has in one piece.
    size_t longest = 0;
    std::vector<size_t> run(prompt.size() + 1, 0);
    for (const std::string& word : words) {
        for (size_t j = prompt.size(); j-- > 0;) {
            run[j + 1] = prompt[j] == word ? run[j] + 1 : 0;
            longest = std::max(longest, run[j + 1]);
        }
    }
    return longest >= 4 && longest * 5 >= words_without_loops(words) * 4;
}

}  // namespace ft
