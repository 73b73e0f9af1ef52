// The list of tokens that are no speech, as openai/whisper's tokenizer describes it: brackets, dashes between words,
// musical notes and the like, alone or after a space, so that the decoder writes words and not annotations.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "model/generation_config.h"

namespace ft {

namespace {

using Ranks = std::unordered_map<std::string_view, int32_t>;

/// The first token of byte-level BPE of one short piece: adjacent parts are joined, lowest id first. −1 when a byte is
/// no token. `single` says whether one token is all there is.
int32_t first_token(const Ranks& ranks, std::string_view piece, bool& single) {
    std::vector<std::string_view> parts;
    for (size_t i = 0; i < piece.size(); ++i) parts.push_back(piece.substr(i, 1));
    for (;;) {
        size_t best = parts.size();
        int32_t best_rank = INT32_MAX;
        for (size_t i = 0; i + 1 < parts.size(); ++i) {
            const auto joined = ranks.find({parts[i].data(), parts[i].size() + parts[i + 1].size()});
            if (joined != ranks.end() && joined->second < best_rank) {
                best = i;
                best_rank = joined->second;
            }
        }
        if (best == parts.size()) break;
        parts[best] = {parts[best].data(), parts[best].size() + parts[best + 1].size()};
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
    single = parts.size() == 1;
    const auto found = ranks.find(parts.front());
    return found == ranks.end() ? -1 : found->second;
}

}  // namespace

std::vector<int32_t> non_speech_tokens(const Vocabulary& vocabulary) {
    Ranks ranks;
    for (int32_t id = 0; id < vocabulary.first_special; ++id)
        ranks.emplace(vocabulary.tokens[static_cast<size_t>(id)], id);

    // Forbidden where they are one token; hyphen and apostrophe only where they open a word.
    static const std::vector<std::string> symbols = {
        "\"",  "#",  "(",  ")",  "*",   "+",  "/",  ":",   ";",   "<",  "=",  ">",  "@",  "[",   "\\",  "]",
        "^",   "_",  "`",  "{",  "|",   "}",  "~",  "「",  "」",  "『", "』", "<<", ">>", "<<<", ">>>", "--",
        "---", "-(", "-[", "('", "(\"", "((", "))", "(((", ")))", "[[", "]]", "{{", "}}", "♪♪",  "♪♪♪"};
    // Forbidden by their first token even where they are several: all share it.
    static const std::vector<std::string> notes = {"♩", "♪", "♫", "♬", "♭", "♮", "♯"};

    std::set<int32_t> ids;
    const auto add = [&](const std::string& piece, bool always) {
        bool single = false;
        const int32_t id = first_token(ranks, piece, single);
        // A small vocabulary may split " -" into the space and the rest: the space must stay allowed.
        if (id >= 0 && (single || always) && vocabulary.tokens[static_cast<size_t>(id)] != " ") ids.insert(id);
    };
    add(" -", true);
    add(" '", true);
    for (const std::string& symbol : symbols) {
        add(symbol, false);
        add(" " + symbol, false);
    }
    for (const std::string& note : notes) {
        add(note, true);
        add(" " + note, true);
    }
    return {ids.begin(), ids.end()};
}

const std::vector<std::string>& whisper_languages() {
    static const std::vector<std::string> codes = {
        "en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt",  "tr", "pl", "ca", "nl", "ar", "sv", "it", "id",
        "hi", "fi", "vi", "he", "uk", "el", "ms", "cs", "ro",  "da", "hu", "ta", "no", "th", "ur", "hr", "bg",
        "lt", "la", "mi", "ml", "cy", "sk", "te", "fa", "lv",  "bn", "sr", "az", "sl", "kn", "et", "mk", "br",
        "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw",  "gl", "mr", "pa", "si", "km", "sn", "yo", "so",
        "af", "oc", "ka", "be", "tg", "sd", "gu", "am", "yi",  "lo", "uz", "fo", "ht", "ps", "tk", "nn", "mt",
        "sa", "lb", "my", "bo", "tl", "mg", "as", "tt", "haw", "ln", "ha", "ba", "jw", "su", "yue"};
    return codes;
}

}  // namespace ft
