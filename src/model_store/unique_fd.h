#pragma once
// A file descriptor that is closed on every way out, and errno as Error.
#include <unistd.h>

#include <filesystem>
#include <utility>

namespace ft {

/// Move-only.
class UniqueFd {
  public:
    explicit UniqueFd(int fd = -1) : fd_(fd) {}
    ~UniqueFd() {
        if (fd_ >= 0) ::close(fd_);
    }
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_;
};

/// Throws Error{not_found, permission, io} for an errno, naming the path and what to do where that is known.
[[noreturn]] void throw_file_error(const std::filesystem::path& path, const char* what, int error);

/// Creates it and its parents. Throws as above.
void make_folder(const std::filesystem::path& folder);

/// Makes names in a folder survive a power loss. Silent where the file system cannot.
void sync_folder(const std::filesystem::path& folder);

}  // namespace ft
