#pragma once
// One repository in a models folder, in the layout of the hub's own cache:
//   models--Owner--name/refs/<revision>               the commit, as text
//                       /snapshots/<commit>/<file>    links to ../../blobs/<hash>
//                       /blobs/<hash>                 SHA-256 of large files, git's hash of small ones; *.partial: on
//                       its way /manifests/<commit>.json      ours: what the files must be
// A manifest: {"format": 1, "repository": "Owner/name", "commit": "…", "files": [{"name": "model.safetensors",
// "size": 123, "sha256": "…", "told": true}]}; told: the hub said this hash (or one that was checked beside it).
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model_store/file_digest.h"

namespace ft {

struct ManifestFile {
    std::string name;
    uint64_t size = 0;
    std::string sha256;
    bool told = true;
};

/// Paths and small files; a value that owns nothing. Errors: Error{io, permission} when writing; damaged content reads
/// as absent.
class RepositoryFolder {
  public:
    RepositoryFolder(const std::filesystem::path& models, const std::string& repository);

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path blobs() const { return path_ / "blobs"; }
    std::filesystem::path snapshot(const std::string& commit) const { return path_ / "snapshots" / commit; }
    std::filesystem::path manifest_path(const std::string& commit) const {
        return path_ / "manifests" / (commit + ".json");
    }
    /// Beside the repository, so that it stays when that is removed.
    std::filesystem::path lock_path() const;

    /// Commit of a branch or tag, or of a commit or its first seven or more digits; "" when it is not here.
    std::string commit_of(const std::string& revision) const;
    /// Branches and tags with their commits, sorted.
    std::vector<std::pair<std::string, std::string>> refs() const;
    /// Commits of which there is a snapshot, sorted.
    std::vector<std::string> commits() const;

    std::optional<std::vector<ManifestFile>> read_manifest(const std::string& commit) const;
    void write_manifest(const std::string& repository, const std::string& commit,
                        const std::vector<ManifestFile>& files) const;
    void write_ref(const std::string& revision, const std::string& commit) const;
    /// Puts a blob into a snapshot under its name: a link, or the file itself where there are no links.
    void link(const std::string& commit, const std::string& name, const std::filesystem::path& blob) const;
    /// Whether all that the manifest names is there (a snapshot of the hub's own cache has none: then what
    /// usable_weights says).
    bool is_complete(const std::string& commit) const;

  private:
    std::filesystem::path path_;
};

/// What open_model_source() can open in a folder: the folder itself, or a ggml file in it; nothing when weights, their
/// configuration or the vocabulary are missing.
std::optional<std::filesystem::path> usable_weights(const std::filesystem::path& folder);

/// Whether a folder's config.json speaks of Whisper (caches hold other models too). True where there is none.
bool is_whisper(const std::filesystem::path& folder);

/// Of all files of a repository those that a run needs. Weights in one format only: safetensors before CTranslate2
/// before ggml. Empty when it has no weights that can be read here.
std::vector<std::string> select_files(const std::vector<std::string>& files);

}  // namespace ft
