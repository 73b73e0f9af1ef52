// ModelStore::verify and remove.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "model_store/file_digest.h"
#include "model_store/file_lock.h"
#include "model_store/model_names.h"
#include "model_store/model_store.h"
#include "model_store/repository_folder.h"
#include "model_store/store_files.h"
#include "model_store/store_places.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

/// What a file must be, by the best witness there is.
struct Expected {
    std::string hash;  ///< 64 digits: SHA-256; 40: git's
    std::optional<uint64_t> size;
};

bool is_hash(const std::string& text) {
    return (text.size() == 64 || text.size() == 40) && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Lines "<sha256>  <name>" of a SHA256SUMS file beside the weights.
std::map<std::string, Expected> read_sums(const fs::path& folder) {
    std::map<std::string, Expected> result;
    std::error_code ignored;
    if (!fs::is_regular_file(folder / "SHA256SUMS", ignored)) return result;
    std::istringstream lines(read_file(folder / "SHA256SUMS", size_t{1} << 20));
    std::string hash, name;
    while (lines >> hash >> name) {
        if (name.front() == '*') name.erase(0, 1);
        if (is_hash(hash)) result[name] = {hash, std::nullopt};
    }
    return result;
}

/// The hub's cache names a blob by its hash, and the snapshot's file is a link to it.
std::optional<Expected> expected_by_link(const fs::path& file) {
    std::error_code error;
    const fs::path target = fs::read_symlink(file, error);
    const std::string name = target.filename().string();
    if (error || !is_hash(name)) return std::nullopt;
    return Expected{name, std::nullopt};
}

void check_file(const fs::path& file, const Expected& expected, VerifyReport& report) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
        report.wrong.push_back(fmt::format("{}: is missing", file.string()));
        return;
    }
    const uint64_t size = fs::file_size(file, error);
    if (!error && expected.size && size != *expected.size) {
        report.wrong.push_back(fmt::format("{}: has {} bytes and must have {}", file.string(), size, *expected.size));
        return;
    }
    try {
        const FileDigest digest = digest_file(file);
        const std::string& hash = expected.hash.size() == 64 ? digest.sha256 : digest.git_sha1;
        if (hash == expected.hash) {
            report.checked.push_back(file.string());
        } else {
            report.wrong.push_back(
                fmt::format("{}: its hash is {} and must be {}", file.string(), hash, expected.hash));
        }
    } catch (const Error& unreadable) {
        report.wrong.emplace_back(unreadable.what());
    }
}

VerifyReport check_folder(const fs::path& folder, const std::optional<std::vector<ManifestFile>>& manifest) {
    std::map<std::string, Expected> expected = read_sums(folder);
    VerifyReport report;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (entry->is_directory(error) || name.front() == '.' || name == "SHA256SUMS" || expected.count(name) != 0)
            continue;
        if (const auto by_link = expected_by_link(entry->path()))
            expected[name] = *by_link;
        else
            report.unknown.push_back(entry->path().string());
    }
    for (const ManifestFile& file : manifest.value_or(std::vector<ManifestFile>())) {
        if (!file.told) continue;  // the link's name is no witness either: it is the hash of whatever arrived
        expected[file.name] = {file.sha256, file.size};
    }
    for (const ManifestFile& file : manifest.value_or(std::vector<ManifestFile>())) {
        const std::string path = (folder / file.name).string();
        report.unknown.erase(std::remove(report.unknown.begin(), report.unknown.end(), path), report.unknown.end());
        if (!file.told && expected.erase(file.name) != 0) report.unknown.push_back(path);
    }
    for (const auto& [name, what] : expected) check_file(folder / name, what, report);
    return report;
}

/// Deletes a commit, and the blobs that nothing else links to.
void remove_snapshot(const RepositoryFolder& folder, const std::string& commit) {
    std::set<fs::path> used, freed;
    for (const std::string& other : folder.commits()) {
        std::error_code error;
        for (fs::directory_iterator entry(folder.snapshot(other), error), end; !error && entry != end;
             entry.increment(error)) {
            std::error_code no_link;
            const fs::path blob = fs::read_symlink(entry->path(), no_link).filename();
            if (!no_link) (other == commit ? freed : used).insert(blob);
        }
    }
    std::error_code error;
    fs::remove_all(folder.snapshot(commit), error);
    if (error) throw_file_error(folder.snapshot(commit), "cannot be removed", error.value());
    fs::remove(folder.manifest_path(commit), error);
    for (const fs::path& blob : freed) {
        if (used.count(blob) == 0 && is_hash(blob.string())) fs::remove(folder.blobs() / blob, error);
    }
}

/// True when something was there.
bool remove_repository_revision(const RepositoryFolder& folder, const std::string& revision) {
    std::error_code error;
    if (!fs::is_directory(folder.path(), error)) return false;
    const std::string commit = folder.commit_of(revision);
    if (commit.empty() && !folder.commits().empty()) return false;
    if (!commit.empty()) {
        const bool named = fs::remove(folder.path() / "refs" / revision, error);
        bool shared = false;
        for (const auto& [other, its_commit] : folder.refs()) {
            if (its_commit != commit) continue;
            // Who names the commit itself means it under every name.
            if (named)
                shared = true;
            else
                fs::remove(folder.path() / "refs" / other, error);
        }
        if (!shared) remove_snapshot(folder, commit);
    }
    // What is left without any snapshot are parts of pulls that were given up.
    if (folder.commits().empty()) fs::remove_all(folder.path(), error);
    if (error) throw_file_error(folder.path(), "cannot be removed", error.value());
    return true;
}

}  // namespace

VerifyReport ModelStore::verify(const ModelName& name) const {
    std::error_code ignored;
    if (const auto found = find(name)) {
        const fs::path folder = fs::is_directory(found->path, ignored) ? found->path : found->path.parent_path();
        if (!found->commit.empty()) {
            const RepositoryFolder repository(folder.parent_path().parent_path().parent_path(), name.repository);
            return check_folder(folder, repository.read_manifest(found->commit));
        }
        if (name.path.empty() || fs::is_directory(name.path, ignored)) return check_folder(folder, std::nullopt);
        VerifyReport report;
        report.unknown.push_back(found->path.string());
        return report;
    }
    // A snapshot with a file cut short or gone is no model any more, but what is wrong with it can be said.
    for (const ModelRoot& root : places_->roots()) {
        if (name.repository.empty()) break;
        const RepositoryFolder repository(root.models, name.repository);
        const std::string commit = repository.commit_of(name.revision);
        if (commit.empty() || !fs::is_directory(repository.snapshot(commit), ignored)) continue;
        VerifyReport report = check_folder(repository.snapshot(commit), repository.read_manifest(commit));
        if (report.wrong.empty())
            report.wrong.push_back(repository.snapshot(commit).string() + ": the model is not complete");
        return report;
    }
    locate(name);  // says what to do
    return {};
}

void ModelStore::remove(const ModelName& name) const {
    if (name.repository.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "{}: is a path; only models of the store are removed, delete it yourself", name.given);
    }
    const auto found = find(name);
    const std::vector<fs::path> packed = found ? packed_files(*found) : std::vector<fs::path>();
    bool removed = false;
    for (const ModelRoot& root : places_->roots()) {
        if (!root.own) continue;
        std::vector<fs::path> plain;
        for (const std::string& folder : plain_folder_names(name)) plain.push_back(root.models / folder);
        plain.erase(std::remove_if(plain.begin(), plain.end(), [](const fs::path& p) { return !usable_weights(p); }),
                    plain.end());
        const RepositoryFolder repository(root.models, name.repository);
        std::error_code error;
        if (plain.empty() && !fs::is_directory(repository.path(), error)) continue;
        if (!can_be_written(root.models)) {
            throw Error(ErrorCode::permission, "{}: {} lies there and you may not remove it; ask who may, or use sudo",
                        root.models.string(), name.given);
        }
        const FileLock lock(repository.lock_path(), [&] {
            throw Error(ErrorCode::permission, "{}: another process is getting this model; end it first", name.given);
        });
        removed = remove_repository_revision(repository, name.revision) || removed;
        for (const fs::path& folder : plain) {
            fs::remove_all(folder, error);
            if (error) throw_file_error(folder, "cannot be removed", error.value());
            removed = true;
        }
    }
    for (const fs::path& file : removed ? packed : std::vector<fs::path>()) {
        std::error_code error;
        fs::remove(file, error);
    }
    if (removed) return;
    const fs::path here = locate(name).path;
    throw Error(ErrorCode::permission, "{}: lies in the hub's own cache, which is only read here; remove it there: {}",
                name.given, here.string());
}

}  // namespace ft
