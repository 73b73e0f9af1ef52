#pragma once
// The part of a download that has arrived.
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/unique_fd.h"

namespace ft {

/// A file that grows at its end and outlives its object, until finish() gives it its name or discard() deletes it.
class PartialFile {
  public:
    /// Opens or creates. All calls throw Error{permission, io}.
    explicit PartialFile(std::filesystem::path path);

    uint64_t size() const { return size_; }
    const std::filesystem::path& path() const { return path_; }
    void append(std::string_view bytes);
    void clear();
    /// Syncs and renames: the target is whole or not there.
    void finish(const std::filesystem::path& target);
    void discard();

  private:
    std::filesystem::path path_;
    UniqueFd file_;
    uint64_t size_ = 0;
};

}  // namespace ft
