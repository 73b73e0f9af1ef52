#include "jobs/object_store.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "transcript/writers.h"

namespace ft {

namespace {

constexpr size_t longest_object_key = 512;
constexpr std::string_view scheme = "object:";

bool is_key_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '=' || c == '-';
}

[[noreturn]] void refuse(std::string_view key) {
    throw Error(ErrorCode::invalid_argument,
                "'{}' cannot be an object's key: use parts of letters, digits, '.', '_', '=' and '-', divided by '/' "
                "and not beginning with '.', of at most {} bytes in all",
                valid_utf8(key.substr(0, 100)), longest_object_key);
}

}  // namespace

void check_prefix(std::string_view prefix) {
    if (prefix.size() > longest_object_key) refuse(prefix);
    char before = '/';
    for (const char c : prefix) {
        const bool fine = c == '/' ? before != '/' : is_key_character(c) && (c != '.' || before != '/');
        if (!fine) refuse(prefix);
        before = c;
    }
}

void check_key(std::string_view key) {
    check_prefix(key);
    if (key.empty() || key.back() == '/') refuse(key);
}

ObjectInfo ObjectStore::put(const std::string& key, std::string_view content) {
    const auto writer = create(key);
    writer->append(std::as_bytes(std::span(content)));
    return writer->commit();
}

std::string ObjectStore::get(const std::string& key) {
    const auto info = stat(key);
    if (!info) throw Error(ErrorCode::not_found, "{}: there is no such object", key);
    return read(key, 0, info->size_bytes);
}

int64_t ObjectStore::remove_all(const std::string& prefix) {
    int64_t removed = 0;
    std::string after;
    for (;;) {
        const std::vector<ObjectInfo> page = list(prefix, after, 500);
        if (page.empty()) return removed;
        for (const ObjectInfo& object : page) remove(object.key);
        removed += static_cast<int64_t>(page.size());
        after = page.back().key;
    }
}

std::string input_key(const std::string& job_id) {
    return "inputs/" + job_id + "/audio";
}

std::string result_prefix(const std::string& job_id, int64_t fence) {
    return fmt::format("results/{}/{}/", job_id, fence);
}

std::string result_file(const std::string& format) {
    return "transcript." + file_extension(format);
}

std::string checkpoint_prefix(const std::string& job_id) {
    return "checkpoints/" + job_id + "/";
}

std::optional<std::string> key_of_uri(std::string_view uri) {
    if (uri.substr(0, scheme.size()) != scheme) return std::nullopt;
    return std::string(uri.substr(scheme.size()));
}

void check_same_object(const JobInput& input, const ObjectInfo& found) {
    const bool same = (input.size_bytes == 0 || input.size_bytes == found.size_bytes) &&
                      (input.etag.empty() || input.etag == found.etag);
    if (!same)
        throw Error(ErrorCode::not_found, "{}: the object has changed since the job was made; submit it again",
                    input.uri);
}

}  // namespace ft
