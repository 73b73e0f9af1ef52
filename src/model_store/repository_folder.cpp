#include "model_store/repository_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "model_store/model_names.h"
#include "model_store/store_files.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

/// Content of a small file, or "" when there is none.
std::string small_file(const fs::path& path) {
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) return {};
    try {
        return read_file(path, size_t{1} << 20);
    } catch (const Error&) {
        return {};
    }
}

std::string read_ref(const fs::path& path) {
    std::string text = small_file(path);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    return is_commit(text) ? text : std::string();
}

}  // namespace

RepositoryFolder::RepositoryFolder(const fs::path& models, const std::string& repository)
    : path_(models / repository_folder_name(repository)) {}

fs::path RepositoryFolder::lock_path() const {
    return path_.parent_path() / ".locks" / (path_.filename().string() + ".lock");
}

std::string RepositoryFolder::commit_of(const std::string& revision) const {
    const std::string commit = read_ref(path_ / "refs" / revision);
    if (!commit.empty()) return commit;
    const bool digits = revision.size() >= 7 && revision.find_first_not_of("0123456789abcdef") == std::string::npos;
    std::string found;
    for (const std::string& candidate : digits ? commits() : std::vector<std::string>()) {
        if (candidate.rfind(revision, 0) != 0) continue;
        if (!found.empty()) return {};  // two of them begin so
        found = candidate;
    }
    return found;
}

std::vector<std::pair<std::string, std::string>> RepositoryFolder::refs() const {
    std::vector<std::pair<std::string, std::string>> result;
    std::error_code error;
    const fs::path folder = path_ / "refs";
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const std::string commit = read_ref(entry->path());
        if (!commit.empty()) result.emplace_back(entry->path().lexically_relative(folder).generic_string(), commit);
    }
    std::sort(result.begin(), result.end());
    return result;
}

std::vector<std::string> RepositoryFolder::commits() const {
    std::vector<std::string> result;
    std::error_code error;
    for (fs::directory_iterator entry(path_ / "snapshots", error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (is_commit(name)) result.push_back(name);
    }
    std::sort(result.begin(), result.end());
    return result;
}

std::optional<std::vector<ManifestFile>> RepositoryFolder::read_manifest(const std::string& commit) const {
    const nlohmann::json json = nlohmann::json::parse(small_file(manifest_path(commit)), nullptr, false);
    try {
        if (!json.is_object() || json.at("format").get<int>() != 1) return std::nullopt;
        std::vector<ManifestFile> files;
        for (const nlohmann::json& entry : json.at("files")) {
            files.push_back({entry.at("name").get<std::string>(), entry.at("size").get<uint64_t>(),
                             entry.at("sha256").get<std::string>(), entry.at("told").get<bool>()});
        }
        return files;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

void RepositoryFolder::write_manifest(const std::string& repository, const std::string& commit,
                                      const std::vector<ManifestFile>& files) const {
    nlohmann::ordered_json json = {{"format", 1}, {"repository", repository}, {"commit", commit}};
    json["files"] = nlohmann::ordered_json::array();
    for (const ManifestFile& file : files) {
        json["files"].push_back(
            {{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}, {"told", file.told}});
    }
    write_file_atomically(manifest_path(commit), json.dump(2) + "\n");
}

void RepositoryFolder::write_ref(const std::string& revision, const std::string& commit) const {
    if (is_commit(revision)) return;
    write_file_atomically(path_ / "refs" / revision, commit);
}

void RepositoryFolder::link(const std::string& commit, const std::string& name, const fs::path& blob) const {
    const fs::path folder = snapshot(commit), target = folder / name;
    make_folder(folder);
    std::error_code error;
    fs::remove(target, error);
    fs::create_symlink(fs::path("..") / ".." / "blobs" / blob.filename(), target, error);
    if (error == std::errc::file_exists) return;
    if (error) fs::rename(blob, target, error);
    if (error) throw_file_error(target, "cannot be made", error.value());
    sync_folder(folder);
}

bool RepositoryFolder::is_complete(const std::string& commit) const {
    if (commit.empty() || !usable_weights(snapshot(commit))) return false;
    const auto manifest = read_manifest(commit);
    if (!manifest) return true;
    return std::all_of(manifest->begin(), manifest->end(), [&](const ManifestFile& file) {
        std::error_code error;
        return fs::file_size(snapshot(commit) / file.name, error) == file.size && !error;
    });
}

}  // namespace ft
