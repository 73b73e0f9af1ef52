#include "base/replacement_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/file.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// A hidden name beside the target, unique by mkostemp; returns the open file.
int open_temporary(const fs::path& path, std::string& name) {
    name = (folder_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
    return ::mkostemp(name.data(), O_CLOEXEC);
}

}  // namespace

void ReplacementFile::fail(int error) const {
    const ErrorCode code = code_of_errno(error);
    throw Error(code, "{}: cannot be written: {}{}", path_.string(), std::strerror(error),
                code == ErrorCode::disk_full ? "; free some room there" : "");
}

ReplacementFile::ReplacementFile(const fs::path& path) : path_(path) {
    std::error_code error;
    fs::create_directories(folder_of(path), error);
    if (error)
        throw Error(code_of_errno(error.value()), "{}: cannot be created: {}", folder_of(path).string(),
                    error.message());
    fd_ = ::open(folder_of(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (fd_ >= 0) return;
    fd_ = open_temporary(path, temporary_);
    if (fd_ < 0) {
        temporary_.clear();
        fail(errno);
    }
    // mkostemp makes files private; this is an ordinary file under the user's umask.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    (void)::fchmod(fd_, 0666 & ~mask);
}

ReplacementFile::~ReplacementFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void ReplacementFile::write_at(uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail(written < 0 ? errno : ENOSPC);
        offset += static_cast<uint64_t>(written);
        bytes = bytes.subspan(static_cast<size_t>(written));
    }
}

void ReplacementFile::append(std::span<const std::byte> bytes) {
    write_at(size_, bytes);
    size_ += bytes.size();
}

void ReplacementFile::align(uint64_t alignment) {
    const std::vector<std::byte> zeros((alignment - size_ % alignment) % alignment);
    append(zeros);
}

void ReplacementFile::rewrite(uint64_t offset, std::span<const std::byte> bytes) {
    if (offset + bytes.size() > size_) throw Error(ErrorCode::internal, "{}: rewritten past its end", path_.string());
    write_at(offset, bytes);
}

void ReplacementFile::commit() {
    if (::fsync(fd_) != 0) fail(errno);
    if (temporary_.empty()) {
        // A nameless file can only be linked to a free name, not over an existing one: name it beside the target, then
        // rename.
        const std::string self = "/proc/self/fd/" + std::to_string(fd_);
        for (int attempt = 0;; ++attempt) {
            std::string name;
            const int placeholder = open_temporary(path_, name);
            if (placeholder < 0) fail(errno);
            ::close(placeholder);
            ::unlink(name.c_str());
            if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
                temporary_ = name;
                break;
            }
            // Another process may have taken the name between the two calls.
            if (errno != EEXIST || attempt == 100) fail(errno);
        }
    }
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(errno);
    temporary_.clear();
    sync_folder(folder_of(path_));
}

}  // namespace ft
