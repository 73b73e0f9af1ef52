#pragma once
// An object that was brought to this machine: a file that goes with its owner.
#include <filesystem>
#include <string_view>

#include "base/unique_fd.h"
#include "jobs/object_store.h"

namespace ft {

/// One thread until it is complete.
class TemporaryCopy : public LocalCopy {
  public:
    /// An empty file in `folder`, for this user only; the folder is made where it is missing. Throws Error{permission,
    /// io}.
    explicit TemporaryCopy(const std::filesystem::path& folder);
    ~TemporaryCopy() override;
    TemporaryCopy(const TemporaryCopy&) = delete;
    TemporaryCopy& operator=(const TemporaryCopy&) = delete;

    /// Throws Error{io}, when the disk is full for instance.
    void append(std::string_view bytes);
    const std::filesystem::path& path() const override { return path_; }

  private:
    std::filesystem::path path_;
    UniqueFd file_;
};

}  // namespace ft
