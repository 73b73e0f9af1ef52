#include "model_store/model_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace ft {

namespace {

struct KnownModel {
    const char* short_name;
    const char* repository;
};

constexpr std::array<KnownModel, 11> kKnown = {{
    {"kb-whisper-tiny", "KBLab/kb-whisper-tiny"},
    {"kb-whisper-base", "KBLab/kb-whisper-base"},
    {"kb-whisper-small", "KBLab/kb-whisper-small"},
    {"kb-whisper-medium", "KBLab/kb-whisper-medium"},
    {"kb-whisper-large", "KBLab/kb-whisper-large"},
    {"whisper-tiny", "openai/whisper-tiny"},
    {"whisper-base", "openai/whisper-base"},
    {"whisper-small", "openai/whisper-small"},
    {"whisper-medium", "openai/whisper-medium"},
    {"whisper-large-v3", "openai/whisper-large-v3"},
    {"whisper-large-v3-turbo", "openai/whisper-large-v3-turbo"},
}};

bool is_word(const std::string& text, size_t longest) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    };
    return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), allowed) &&
           text.front() != '.' && text.front() != '-' && text.find("..") == std::string::npos;
}

/// Owner and name become parts of a folder's name and of an address, so nothing unusual may stand in them.
bool is_repository(const std::string& text) {
    const size_t slash = text.find('/');
    if (slash == std::string::npos) return false;
    const std::string owner = text.substr(0, slash), name = text.substr(slash + 1);
    return is_word(owner, 96) && is_word(name, 96) && text.find("--") == std::string::npos;
}

/// Branch, tag ("refs/pr/1" too) or commit.
bool is_revision(const std::string& text) {
    size_t begin = 0;
    while (begin <= text.size()) {
        const size_t end = std::min(text.find('/', begin), text.size());
        if (!is_word(text.substr(begin, end - begin), 128)) return false;
        begin = end + 1;
    }
    return text.size() <= 256;
}

bool is_hexadecimal(const std::string& text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string known_names_sentence() {
    std::string names;
    for (const KnownModel& model : kKnown) names += (names.empty() ? "" : ", ") + std::string(model.short_name);
    return names +
           " (the kb- ones also with @subtitle or @strict), any owner/repository[@revision] of the hub, or a folder";
}

std::string checked_revision(const std::string& given, const std::string& repository, const std::string& revision) {
    if (!is_revision(revision)) {
        throw Error(ErrorCode::invalid_argument,
                    "{}: \"{}\" cannot be a revision; write a branch, tag or commit after the @", given, revision);
    }
    if (repository.rfind("KBLab/kb-whisper-", 0) != 0) return revision;
    if (revision == "standard") return "main";
    const bool commit = revision.size() >= 7 && revision.size() <= 40 && is_hexadecimal(revision);
    if (revision == "main" || revision == "subtitle" || revision == "strict" || commit) return revision;
    throw Error(ErrorCode::invalid_argument,
                "{}: there is no revision \"{}\" of this model; write @standard, @subtitle or @strict", given,
                revision);
}

}  // namespace

const std::vector<std::string>& known_model_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> list;
        for (const KnownModel& model : kKnown) list.emplace_back(model.short_name);
        return list;
    }();
    return names;
}

ModelName parse_model_name(const std::string& name) {
    ModelName result{.given = name, .repository = {}, .revision = "main", .path = {}};
    const size_t at = name.rfind('@');
    const std::string base = name.substr(0, at);
    for (const KnownModel& model : kKnown) {
        if (base == model.short_name) result.repository = model.repository;
    }
    std::error_code ignored;
    if (result.repository.empty() && !name.empty() && std::filesystem::exists(name, ignored)) {
        result.path = name;
        result.revision.clear();
        return result;
    }
    if (result.repository.empty() && is_repository(base)) result.repository = base;
    if (result.repository.empty()) {
        const bool path = name.find('/') != std::string::npos || name.rfind('.', 0) == 0;
        if (path)
            throw Error(ErrorCode::not_found, "{}: there is no such file or folder, and it is no owner/repository",
                        name);
        throw Error(ErrorCode::invalid_argument, "\"{}\" is not a model that is known here; choose one of {}", name,
                    known_names_sentence());
    }
    if (at != std::string::npos) result.revision = checked_revision(name, result.repository, name.substr(at + 1));
    return result;
}

std::string display_name(const std::string& repository, const std::string& revision) {
    std::string name = repository;
    for (const KnownModel& model : kKnown) {
        if (repository == model.repository) name = model.short_name;
    }
    return revision.empty() || revision == "main" ? name : name + "@" + revision;
}

std::string repository_folder_name(const std::string& repository) {
    std::string name = "models--" + repository;
    const size_t slash = name.find('/');
    return slash == std::string::npos ? name : name.replace(slash, 1, "--");
}

std::string repository_of_folder(const std::string& folder_name) {
    if (folder_name.rfind("models--", 0) != 0) return {};
    std::string repository = folder_name.substr(8);
    const size_t dashes = repository.find("--");
    if (dashes == std::string::npos) return {};
    repository.replace(dashes, 2, "/");
    return is_repository(repository) ? repository : std::string();
}

std::vector<std::string> plain_folder_names(const ModelName& name) {
    std::vector<std::string> names;
    const std::string short_name = display_name(name.repository, name.revision);
    if (short_name.find('/') == std::string::npos) names.push_back(short_name);
    const std::string long_name = repository_folder_name(name.repository).substr(std::string("models--").size());
    // A revision with a slash ("refs/pr/1") names no folder.
    if (name.revision == "main")
        names.push_back(long_name);
    else if (name.revision.find('/') == std::string::npos)
        names.push_back(long_name + "@" + name.revision);
    return names;
}

bool is_commit(const std::string& text) {
    return text.size() == 40 && is_hexadecimal(text);
}

}  // namespace ft
