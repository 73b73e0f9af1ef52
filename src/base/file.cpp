#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace ft {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int error) {
    const ErrorCode code = error == ENOENT || error == ENOTDIR                   ? ErrorCode::not_found
                           : error == EACCES || error == EPERM || error == EROFS ? ErrorCode::permission
                                                                                 : ErrorCode::io;
    throw Error(code, "{}: {}: {}", path.string(), what, std::strerror(error));
}

/// A file descriptor that is closed on every way out.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

void write_all(int fd, std::string_view content, const std::filesystem::path& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(path, "cannot be written", errno);
        content.remove_prefix(static_cast<size_t>(written));
    }
}

}  // namespace

std::string read_file(const std::filesystem::path& path, size_t limit_bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) fail(path, "cannot be opened", errno);
    std::string content;
    char buffer[1 << 16];
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(path, "cannot be read", errno);
        if (got == 0) return content;
        content.append(buffer, static_cast<size_t>(got));
        if (content.size() > limit_bytes) {
            throw Error(ErrorCode::io, "{}: is larger than the {} bytes expected of such a file", path.string(),
                        limit_bytes);
        }
    }
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) fail(folder, "cannot be created", error.value());
    std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
    const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (file.get() < 0) fail(path, "cannot be written", errno);
    try {
        write_all(file.get(), content, path);
        // mkstemp makes files private; results are ordinary files under the user's umask.
        const mode_t mask = ::umask(0);
        ::umask(mask);
        if (::fchmod(file.get(), 0666 & ~mask) != 0) fail(path, "cannot be written", errno);
        if (::fsync(file.get()) != 0) fail(path, "cannot be written", errno);
        if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "cannot be written", errno);
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
}

}  // namespace ft
