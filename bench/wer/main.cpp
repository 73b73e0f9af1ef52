// wer [--characters] REFERENCE HYPOTHESIS [REFERENCE HYPOTHESIS]…: word error rate of each pair and of all together;
// with --characters the same of characters, the spaces between words included.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "normalize.h"
#include "word_errors.h"

namespace ft {
namespace {

/// The last column of a table with a header "start … text".
std::string text_of_tsv(const std::string& content) {
    std::string text;
    size_t at = std::min(content.find('\n'), content.size());
    while (at < content.size()) {
        const size_t end = std::min(content.find('\n', at + 1), content.size());
        const std::string line = content.substr(at + 1, end - at - 1);
        const size_t tab = line.rfind('\t');
        text += (tab == std::string::npos ? line : line.substr(tab + 1)) + ' ';
        at = end;
    }
    return text;
}

std::string text_of_file(const std::filesystem::path& path) {
    const std::string content = read_file(path);
    if (path.extension() == ".tsv") return text_of_tsv(content);
    if (path.extension() != ".json") return content;
    const auto json = nlohmann::json::parse(content, nullptr, false);
    if (!json.is_object() || !json.contains("text") || !json["text"].is_string()) {
        throw Error(ErrorCode::invalid_argument, "{}: is no JSON transcript with a \"text\"", path.string());
    }
    return json["text"].get<std::string>();
}

/// One "word" a character.
std::vector<std::string> characters_of(const std::vector<std::string>& words) {
    std::vector<std::string> characters;
    for (const std::string& word : words) {
        if (!characters.empty()) characters.emplace_back(" ");
        for (size_t at = 0; at < word.size();) {
            const size_t length = decode_utf8(word, at).length;
            characters.push_back(word.substr(at, length));
            at += length;
        }
    }
    return characters;
}

void print(const std::string& name, const WordErrors& errors, bool characters) {
    const std::string rate = errors.reference_words == 0 ? "undefined" : fmt::format("{:.2f} %", 100 * errors.rate());
    fmt::print("{}: {} {} (S {}, D {}, I {} of {} {})\n", name, characters ? "CER" : "WER", rate, errors.substitutions,
               errors.deletions, errors.insertions, errors.reference_words, characters ? "characters" : "words");
}

int run(int argc, char** argv) {
    const bool characters = argc > 1 && std::string_view(argv[1]) == "--characters";
    const int first = characters ? 2 : 1;
    if (argc < first + 2 || (argc - first) % 2 != 0) {
        fmt::print(stderr,
                   "usage: wer [--characters] REFERENCE HYPOTHESIS [REFERENCE HYPOTHESIS]...\n"
                   "Files: .txt, .tsv (last column, one header line) or .json (its \"text\").\n");
        return 2;
    }
    const auto units_of = [characters](const char* path) {
        const std::vector<std::string> words = comparable_words(text_of_file(path));
        return characters ? characters_of(words) : words;
    };
    WordErrors sum;
    for (int i = first; i + 1 < argc; i += 2) {
        const WordErrors errors = count_word_errors(units_of(argv[i]), units_of(argv[i + 1]));
        print(argv[i + 1], errors, characters);
        sum += errors;
    }
    print("all", sum, characters);
    return 0;
}

}  // namespace
}  // namespace ft

int main(int argc, char** argv) {
    try {
        return ft::run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "wer: {}\n", error.what());
        return 1;
    }
}
