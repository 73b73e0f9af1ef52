#include "decoding/language.h"

#include <algorithm>

#include "base/error.h"

namespace ft {
namespace {

// In the order of their tokens.
constexpr Language table[] = {
    {"en", "english"},        {"zh", "chinese"},       {"de", "german"},    {"es", "spanish"},    {"ru", "russian"},
    {"ko", "korean"},         {"fr", "french"},        {"ja", "japanese"},  {"pt", "portuguese"}, {"tr", "turkish"},
    {"pl", "polish"},         {"ca", "catalan"},       {"nl", "dutch"},     {"ar", "arabic"},     {"sv", "swedish"},
    {"it", "italian"},        {"id", "indonesian"},    {"hi", "hindi"},     {"fi", "finnish"},    {"vi", "vietnamese"},
    {"he", "hebrew"},         {"uk", "ukrainian"},     {"el", "greek"},     {"ms", "malay"},      {"cs", "czech"},
    {"ro", "romanian"},       {"da", "danish"},        {"hu", "hungarian"}, {"ta", "tamil"},      {"no", "norwegian"},
    {"th", "thai"},           {"ur", "urdu"},          {"hr", "croatian"},  {"bg", "bulgarian"},  {"lt", "lithuanian"},
    {"la", "latin"},          {"mi", "maori"},         {"ml", "malayalam"}, {"cy", "welsh"},      {"sk", "slovak"},
    {"te", "telugu"},         {"fa", "persian"},       {"lv", "latvian"},   {"bn", "bengali"},    {"sr", "serbian"},
    {"az", "azerbaijani"},    {"sl", "slovenian"},     {"kn", "kannada"},   {"et", "estonian"},   {"mk", "macedonian"},
    {"br", "breton"},         {"eu", "basque"},        {"is", "icelandic"}, {"hy", "armenian"},   {"ne", "nepali"},
    {"mn", "mongolian"},      {"bs", "bosnian"},       {"kk", "kazakh"},    {"sq", "albanian"},   {"sw", "swahili"},
    {"gl", "galician"},       {"mr", "marathi"},       {"pa", "punjabi"},   {"si", "sinhala"},    {"km", "khmer"},
    {"sn", "shona"},          {"yo", "yoruba"},        {"so", "somali"},    {"af", "afrikaans"},  {"oc", "occitan"},
    {"ka", "georgian"},       {"be", "belarusian"},    {"tg", "tajik"},     {"sd", "sindhi"},     {"gu", "gujarati"},
    {"am", "amharic"},        {"yi", "yiddish"},       {"lo", "lao"},       {"uz", "uzbek"},      {"fo", "faroese"},
    {"ht", "haitian creole"}, {"ps", "pashto"},        {"tk", "turkmen"},   {"nn", "nynorsk"},    {"mt", "maltese"},
    {"sa", "sanskrit"},       {"lb", "luxembourgish"}, {"my", "myanmar"},   {"bo", "tibetan"},    {"tl", "tagalog"},
    {"mg", "malagasy"},       {"as", "assamese"},      {"tt", "tatar"},     {"haw", "hawaiian"},  {"ln", "lingala"},
    {"ha", "hausa"},          {"ba", "bashkir"},       {"jw", "javanese"},  {"su", "sundanese"},  {"yue", "cantonese"},
};

// What people also write.
constexpr Language aliases[] = {
    // OpenAI's
    {"my", "burmese"},
    {"ca", "valencian"},
    {"nl", "flemish"},
    {"ht", "haitian"},
    {"lb", "letzeburgesch"},
    {"ps", "pushto"},
    {"pa", "panjabi"},
    {"ro", "moldavian"},
    {"ro", "moldovan"},
    {"si", "sinhalese"},
    {"es", "castilian"},
    {"zh", "mandarin"},
    // Swedish
    {"sv", "svenska"},
    {"en", "engelska"},
    {"no", "norska"},
    {"no", "bokmål"},
    {"nn", "nynorska"},
    {"da", "danska"},
    {"fi", "finska"},
    {"is", "isländska"},
    {"fo", "färöiska"},
    {"de", "tyska"},
    {"fr", "franska"},
    {"es", "spanska"},
    {"ar", "arabiska"},
    {"pl", "polska"},
    {"ru", "ryska"},
    {"uk", "ukrainska"},
    {"fa", "persiska"},
    // ISO 639 codes that Whisper writes otherwise
    {"no", "nb"},
    {"jw", "jv"},
    {"he", "iw"},
    {"id", "in"},
    {"sv", "swe"},
    {"en", "eng"},
};

std::string_view by_name(std::string_view name) {
    for (const Language& language : table) {
        if (language.code == name || language.name == name) return language.code;
    }
    for (const Language& language : aliases) {
        if (language.name == name) return language.code;
    }
    return {};
}

}  // namespace

std::span<const Language> languages() {
    return table;
}

std::string_view find_language(std::string_view name_or_code) {
    std::string name(name_or_code);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (const std::string_view code = by_name(name); !code.empty()) return code;
    // A region or script: only after a code, "haitian-x" is nothing.
    const size_t dash = name.find_first_of("-_");
    return dash == 2 || dash == 3 ? by_name(name.substr(0, dash)) : std::string_view();
}

std::string parse_language(std::string_view name_or_code) {
    if (name_or_code == "auto") return "auto";
    const std::string_view code = find_language(name_or_code);
    if (code.empty()) {
        throw Error(
            ErrorCode::invalid_argument,
            "language: \"{}\" is none that Whisper knows; write a code such as sv, a name such as Swedish, or auto",
            name_or_code);
    }
    return std::string(code);
}

std::string_view language_name(std::string_view code) {
    const auto* found =
        std::find_if(std::begin(table), std::end(table), [code](const Language& l) { return l.code == code; });
    return found == std::end(table) ? std::string_view() : found->name;
}

}  // namespace ft
