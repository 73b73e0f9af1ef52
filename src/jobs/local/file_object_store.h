#pragma once
// Objects as files below one folder: the key is the path (docs/jobs.md, "Files on disk").
#include <filesystem>

#include "jobs/object_store.h"

namespace ft {

/// No key may be another one's folder ("a" and "a/b"): the second is refused with Error{io}.
class FileObjectStore : public ObjectStore {
  public:
    /// Makes the folder, for this user only. Throws Error{permission, io}.
    explicit FileObjectStore(const std::filesystem::path& folder);

    std::unique_ptr<ObjectWriter> create(const std::string& key) override;
    std::optional<ObjectInfo> stat(const std::string& key) override;
    std::string read(const std::string& key, int64_t offset, int64_t length) override;
    std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after, int limit) override;
    /// Takes empty folders along, but those directly below the root.
    void remove(const std::string& key) override;
    /// The object's own file; nothing is copied.
    std::unique_ptr<LocalCopy> fetch(const JobInput& input, const std::filesystem::path& scratch) override;

  private:
    std::filesystem::path path_of(const std::string& key) const;

    std::filesystem::path folder_;
};

}  // namespace ft
