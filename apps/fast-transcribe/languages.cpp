#include "languages.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/error.h"
#include "flags.h"

namespace ft {

namespace {

using Entry = std::pair<std::string_view, std::string_view>;  // code, name

// The order is alphabetical by code; a checkpoint's own list (generation_config) decides what it can do.
constexpr std::array languages{
    Entry{"af", "afrikaans"},  Entry{"am", "amharic"},     Entry{"ar", "arabic"},      Entry{"as", "assamese"},
    Entry{"az", "azerbaijani"}, Entry{"ba", "bashkir"},    Entry{"be", "belarusian"},  Entry{"bg", "bulgarian"},
    Entry{"bn", "bengali"},    Entry{"bo", "tibetan"},     Entry{"br", "breton"},      Entry{"bs", "bosnian"},
    Entry{"ca", "catalan"},    Entry{"cs", "czech"},       Entry{"cy", "welsh"},       Entry{"da", "danish"},
    Entry{"de", "german"},     Entry{"el", "greek"},       Entry{"en", "english"},     Entry{"es", "spanish"},
    Entry{"et", "estonian"},   Entry{"eu", "basque"},      Entry{"fa", "persian"},     Entry{"fi", "finnish"},
    Entry{"fo", "faroese"},    Entry{"fr", "french"},      Entry{"gl", "galician"},    Entry{"gu", "gujarati"},
    Entry{"ha", "hausa"},      Entry{"haw", "hawaiian"},   Entry{"he", "hebrew"},      Entry{"hi", "hindi"},
    Entry{"hr", "croatian"},   Entry{"ht", "haitian creole"}, Entry{"hu", "hungarian"}, Entry{"hy", "armenian"},
    Entry{"id", "indonesian"}, Entry{"is", "icelandic"},   Entry{"it", "italian"},     Entry{"ja", "japanese"},
    Entry{"jw", "javanese"},   Entry{"ka", "georgian"},    Entry{"kk", "kazakh"},      Entry{"km", "khmer"},
    Entry{"kn", "kannada"},    Entry{"ko", "korean"},      Entry{"la", "latin"},       Entry{"lb", "luxembourgish"},
    Entry{"ln", "lingala"},    Entry{"lo", "lao"},         Entry{"lt", "lithuanian"},  Entry{"lv", "latvian"},
    Entry{"mg", "malagasy"},   Entry{"mi", "maori"},       Entry{"mk", "macedonian"},  Entry{"ml", "malayalam"},
    Entry{"mn", "mongolian"},  Entry{"mr", "marathi"},     Entry{"ms", "malay"},       Entry{"mt", "maltese"},
    Entry{"my", "myanmar"},    Entry{"ne", "nepali"},      Entry{"nl", "dutch"},       Entry{"nn", "nynorsk"},
    Entry{"no", "norwegian"},  Entry{"oc", "occitan"},     Entry{"pa", "punjabi"},     Entry{"pl", "polish"},
    Entry{"ps", "pashto"},     Entry{"pt", "portuguese"},  Entry{"ro", "romanian"},    Entry{"ru", "russian"},
    Entry{"sa", "sanskrit"},   Entry{"sd", "sindhi"},      Entry{"si", "sinhala"},     Entry{"sk", "slovak"},
    Entry{"sl", "slovenian"},  Entry{"sn", "shona"},       Entry{"so", "somali"},      Entry{"sq", "albanian"},
    Entry{"sr", "serbian"},    Entry{"su", "sundanese"},   Entry{"sv", "swedish"},     Entry{"sw", "swahili"},
    Entry{"ta", "tamil"},      Entry{"te", "telugu"},      Entry{"tg", "tajik"},       Entry{"th", "thai"},
    Entry{"tk", "turkmen"},    Entry{"tl", "tagalog"},     Entry{"tr", "turkish"},     Entry{"tt", "tatar"},
    Entry{"uk", "ukrainian"},  Entry{"ur", "urdu"},        Entry{"uz", "uzbek"},       Entry{"vi", "vietnamese"},
    Entry{"yi", "yiddish"},    Entry{"yo", "yoruba"},      Entry{"yue", "cantonese"},  Entry{"zh", "chinese"},
};

// Other names for the same tokens, and what Swedes call their own language and their neighbours'.
constexpr std::array aliases{
    Entry{"my", "burmese"},     Entry{"ca", "valencian"}, Entry{"nl", "flemish"},    Entry{"ht", "haitian"},
    Entry{"lb", "letzeburgesch"}, Entry{"ps", "pushto"},  Entry{"pa", "panjabi"},    Entry{"ro", "moldavian"},
    Entry{"ro", "moldovan"},    Entry{"si", "sinhalese"}, Entry{"es", "castilian"},  Entry{"zh", "mandarin"},
    Entry{"sv", "svenska"},     Entry{"no", "norska"},    Entry{"da", "danska"},     Entry{"fi", "finska"},
    Entry{"en", "engelska"},    Entry{"no", "bokmål"},
};

std::string nearest(const std::string& wanted) {
    std::vector<std::string> known = {"auto"};
    for (const Entry& entry : languages) {
        known.emplace_back(entry.first);
        known.emplace_back(entry.second);
    }
    for (const Entry& entry : aliases) known.emplace_back(entry.second);
    return nearest_word(wanted, known);
}

}  // namespace

std::string language_code(std::string_view name) {
    std::string wanted(name);
    for (char& c : wanted) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (wanted.empty() || wanted == "none" || wanted == "auto") return "auto";
    for (const auto& [code, full] : languages) {
        if (wanted == code || wanted == full) return std::string(code);
    }
    for (const auto& [code, full] : aliases) {
        if (wanted == full) return std::string(code);
    }
    const std::string guess = nearest(wanted);
    throw Error(ErrorCode::invalid_argument,
                "--language {}: is no language that Whisper models know{}; give a code such as sv or en, a name such as Swedish, "
                "or auto to have it detected",
                name, guess.empty() ? "" : " (did you mean " + guess + "?)");
}

std::string language_list() {
    std::string text = "auto";
    for (const auto& [code, full] : languages) text.append(", ").append(code).append(" ").append(full);
    return text;
}

}  // namespace ft
