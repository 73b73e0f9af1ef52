#include "transcript/writers/clause_breaks.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace ft {

namespace {

/// Words before which a clause (or a part of a list) begins.
bool opens_clause(const std::string& word) {
    static constexpr std::string_view words[] = {
        "alltså",   "att",     "då",       "därför", "där",   "eftersom", "eller",  "fast",  "fastän", "förrän",
        "huruvida", "ifall",   "innan",    "liksom", "medan", "men",      "när",    "och",   "om",     "samt",
        "sedan",    "som",     "så",       "tills",  "trots", "utan",     "vars",   "vilka", "vilken", "vilket",
        "även",     "varför",  "därefter", "dessutom"};
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// Words that lean on the one after them.
bool leans_forward(const std::string& word) {
    static constexpr std::string_view words[] = {
        "en",   "ett",  "den",  "det",   "de",    "min",   "mitt", "mina", "din",  "ditt",  "dina", "sin",   "sitt",
        "sina", "vår",  "vårt", "våra",  "er",    "ert",   "era",  "hans", "hennes", "dess", "deras", "i",   "på",
        "av",   "till", "från", "med",   "vid",   "under", "över", "hos",  "mot",  "mellan", "genom", "efter", "före",
        "bakom", "framför", "inom", "åt", "ur",   "kring", "enligt", "att", "inte", "mycket", "så",  "denna", "detta",
        "dessa", "varje", "någon", "något", "några", "ingen", "inget", "inga", "kl", "kl.", "ca", "ca.", "dr", "nr"};
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// In small letters (ASCII and those of Swedish), without the marks at both ends.
std::string bare(std::string_view word) {
    constexpr std::string_view marks = " .,;:!?\"'()[]-";
    const size_t begin = word.find_first_not_of(marks);
    if (begin == std::string_view::npos) return "";
    std::string small = lower_ascii(word.substr(begin, word.find_last_not_of(marks) - begin + 1));
    for (size_t i = 0; i + 1 < small.size(); ++i) {
        // Å, Ä, Ö are C3 85, C3 84, C3 96; their small letters are 0x20 further.
        const auto second = static_cast<unsigned char>(small[i + 1]);
        if (small[i] == '\xC3' && (second == 0x85 || second == 0x84 || second == 0x96))
            small[i + 1] = static_cast<char>(second + 0x20);
    }
    return small;
}

std::string_view without_closing(std::string_view word) {
    for (bool more = true; more;) {
        more = false;
        for (const std::string_view mark : {"\"", "'", ")", "]", "”", "’", "»"}) {
            if (word.size() >= mark.size() && word.substr(word.size() - mark.size()) == mark) {
                word.remove_suffix(mark.size());
                more = true;
            }
        }
    }
    return word;
}

bool ends_with(std::string_view word, std::string_view end) {
    return word.size() >= end.size() && word.substr(word.size() - end.size()) == end;
}

bool is_number(const std::string& word) {
    return !word.empty() && word.find_first_not_of("0123456789.,:") == std::string::npos;
}

}  // namespace

bool ends_sentence(std::string_view word) {
    word = without_closing(word);
    if (ends_with(word, "!") || ends_with(word, "?") || ends_with(word, "…") || ends_with(word, "...")) return true;
    if (!ends_with(word, ".")) return false;
    static constexpr std::string_view abbreviations[] = {"kl", "ca", "dr", "nr", "st", "tel", "s.k", "m.m", "osv", "etc"};
    const std::string text = bare(word);
    if (text.find('.') != std::string::npos) return false;  // t.ex., bl.a.
    if (text.size() == 1 && text[0] >= 'a' && text[0] <= 'z') return false;  // an initial
    return std::find(std::begin(abbreviations), std::end(abbreviations), text) == std::end(abbreviations);
}

double break_cost(std::string_view before, std::string_view after) {
    if (ends_sentence(before)) return 0;
    const std::string_view open = without_closing(before);
    for (const std::string_view mark : {",", ";", ":", "–", "—"}) {
        if (ends_with(open, mark)) return 0.3;
    }
    const std::string last = bare(before);
    if (leans_forward(last) || (is_number(last) && !ends_with(open, "."))) return 2;
    return opens_clause(bare(after)) ? 0.5 : 1;
}

}  // namespace ft
