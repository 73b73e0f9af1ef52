#include "cloud/upload_key.h"

#include "base/utf8.h"
#include "jobs/job.h"

namespace ft::cloud {

namespace {
constexpr std::string_view api_folder = "api";
constexpr size_t longest_name = 200;
}  // namespace

std::optional<UploadKey> parse_upload_key(std::string_view key) {
    if (!key.starts_with(upload_prefix)) return std::nullopt;
    const std::string_view rest = key.substr(upload_prefix.size());
    const size_t last = rest.rfind('/');
    UploadKey parsed;
    parsed.name = valid_utf8(rest.substr(last == std::string_view::npos ? 0 : last + 1));
    if (parsed.name.empty()) return std::nullopt;
    if (last == std::string_view::npos) return parsed;
    const std::string_view folders = rest.substr(0, last);
    const size_t first = folders.find('/');
    if (folders.substr(0, first) == api_folder) {
        // Others than <job id>/<name> there are nobody's; they are treated as recordings that somebody has put.
        const std::string_view id = first == std::string_view::npos ? "" : folders.substr(first + 1);
        if (is_job_id(id)) parsed.job_id = id;
        return parsed;
    }
    if (is_job_id(folders)) parsed.callback_id = folders;
    return parsed;
}

std::string api_upload_key(const std::string& job_id, const std::string& name) {
    return std::string(upload_prefix) + std::string(api_folder) + "/" + job_id + "/" + key_name(name);
}

std::string callback_key(const std::string& callback_id) {
    return "callbacks/" + callback_id + ".json";
}

std::string key_name(std::string_view file_name) {
    std::string name;
    for (const char c : valid_utf8(file_name.substr(0, longest_name))) {
        const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '/' && c != '\\';
        name += plain ? c : '_';
    }
    // What was cut within a character has become U+FFFD, three bytes.
    while (name.size() > longest_name) name = valid_utf8(name.substr(0, name.size() - 3));
    return name.empty() || name == "." || name == ".." ? "recording" : name;
}

}  // namespace ft::cloud
