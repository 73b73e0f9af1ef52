#pragma once
// One process (and thread) at a time. The kernel frees the lock when its holder dies, so nothing is ever stuck.
#include <filesystem>
#include <functional>

#include "base/unique_fd.h"

namespace ft {

/// Held while the object lives. The file stays: deleting it would let two holders lock two files of one name.
class FileLock {
  public:
    /// `wait` is called whenever somebody else holds the lock: it waits a while, or throws to give up.
    /// Where the file system has no locks (some network ones) a warning is logged and nothing is locked.
    /// Throws Error{permission, io} when the file cannot be made.
    FileLock(const std::filesystem::path& file, const std::function<void()>& wait);

  private:
    UniqueFd file_;
};

}  // namespace ft
