#include "audio/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace ft {

namespace {

/// A descriptor that is closed on every way out; standard input's is only borrowed.
class Descriptor {
  public:
    Descriptor() = default;
    Descriptor(int fd, bool owned) : fd_(fd), owned_(owned) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)), owned_(other.owned_) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(owned_, other.owned_);
        return *this;
    }
    ~Descriptor() {
        if (owned_ && fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

  private:
    int fd_ = -1;
    bool owned_ = false;
};

int64_t pread_retrying(int fd, uint8_t* buffer, size_t count, int64_t offset) noexcept {
    for (;;) {
        const ssize_t got = ::pread(fd, buffer, count, offset);
        if (got >= 0 || errno != EINTR) return got;
    }
}

class NamedSource : public ByteSource {
  public:
    explicit NamedSource(std::string name) : name_(std::move(name)) {}
    const std::string& name() const noexcept override { return name_; }
    const std::string& failure() const noexcept override { return failure_; }

  protected:
    int64_t fail(const char* what, int error) noexcept {
        try {
            failure_ = fmt::format("{}: {}", what, std::strerror(error));
        } catch (...) {
            failure_ = "error";  // short enough to need no memory
        }
        return -1;
    }

  private:
    std::string name_;
    std::string failure_;
};

/// A regular file; `base` is where standard input stood when it was handed to us.
class FileSource final : public NamedSource {
  public:
    FileSource(std::string name, Descriptor file, int64_t base, int64_t size)
        : NamedSource(std::move(name)), file_(std::move(file)), base_(base), size_(size) {}

    int64_t read_at(int64_t offset, uint8_t* buffer, size_t count) noexcept override {
        const int64_t got = pread_retrying(file_.get(), buffer, count, base_ + offset);
        return got < 0 ? fail("cannot be read", errno) : got;
    }
    std::optional<int64_t> size() const noexcept override { return size_; }

  private:
    Descriptor file_;
    int64_t base_;
    int64_t size_;
};

/// A pipe or socket, copied to an unlinked temporary file as it is read. Bytes are asked for only when they are
/// needed, so decoding starts with the first ones; seeking back reads the copy.
class SpooledSource final : public NamedSource {
  public:
    SpooledSource(std::string name, Descriptor pipe, Descriptor spool)
        : NamedSource(std::move(name)), pipe_(std::move(pipe)), spool_(std::move(spool)) {}

    int64_t read_at(int64_t offset, uint8_t* buffer, size_t count) noexcept override {
        while (offset >= spooled_ && !ended_) {
            if (!pump()) return -1;
        }
        if (offset >= spooled_) return 0;
        const size_t available = static_cast<size_t>(std::min<int64_t>(spooled_ - offset, static_cast<int64_t>(count)));
        const int64_t got = pread_retrying(spool_.get(), buffer, available, offset);
        return got < 0 ? fail("its temporary copy cannot be read", errno) : got;
    }
    std::optional<int64_t> size() const noexcept override {
        return ended_ ? std::optional<int64_t>(spooled_) : std::nullopt;
    }

  private:
    bool pump() noexcept {
        uint8_t chunk[1 << 16];
        ssize_t got;
        do {
            got = ::read(pipe_.get(), chunk, sizeof chunk);
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            fail("cannot be read", errno);
            return false;
        }
        ended_ = got == 0;
        for (ssize_t done = 0; done < got;) {
            const ssize_t written = ::pwrite(spool_.get(), chunk + done, static_cast<size_t>(got - done), spooled_);
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) {
                fail("its temporary copy cannot be written", errno);
                return false;
            }
            done += written;
            spooled_ += written;
        }
        return true;
    }

    Descriptor pipe_;
    Descriptor spool_;
    int64_t spooled_ = 0;
    bool ended_ = false;
};

class MemorySource final : public NamedSource {
  public:
    MemorySource(std::string name, std::string bytes) : NamedSource(std::move(name)), bytes_(std::move(bytes)) {}

    int64_t read_at(int64_t offset, uint8_t* buffer, size_t count) noexcept override {
        if (offset >= static_cast<int64_t>(bytes_.size())) return 0;
        const size_t got = std::min(count, bytes_.size() - static_cast<size_t>(offset));
        std::memcpy(buffer, bytes_.data() + offset, got);
        return static_cast<int64_t>(got);
    }
    std::optional<int64_t> size() const noexcept override { return static_cast<int64_t>(bytes_.size()); }

  private:
    std::string bytes_;
};

/// /var/tmp before /tmp: the latter is memory on many machines, and an hour of wav is not meant to be there.
Descriptor make_spool(const std::string& name) {
    const char* wanted = std::getenv("TMPDIR");
    int error = 0;
    for (const char* folder : {wanted, "/var/tmp", "/tmp"}) {
        if (folder == nullptr || *folder == '\0') continue;
        std::string path = std::string(folder) + "/fast-transcribe.XXXXXX";
        const int fd = ::mkostemp(path.data(), O_CLOEXEC);
        if (fd >= 0) {
            ::unlink(path.c_str());
            return Descriptor(fd, true);
        }
        error = errno;
    }
    throw Error(ErrorCode::io, "{}: no temporary file can be made for it in $TMPDIR, /var/tmp or /tmp: {}", name,
                std::strerror(error));
}

Descriptor open_descriptor(const std::string& path) {
    if (path == "-") return Descriptor(STDIN_FILENO, false);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0) return Descriptor(fd, true);
    switch (errno) {
        case ENOENT:
        case ENOTDIR:
            throw Error(ErrorCode::not_found, "{}: there is no such file", path);
        case EACCES:
        case EPERM:
            throw Error(ErrorCode::permission, "{}: may not be read by this user", path);
        default:
            throw Error(ErrorCode::io, "{}: cannot be opened: {}", path, std::strerror(errno));
    }
}

}  // namespace

std::unique_ptr<ByteSource> open_byte_source(const std::string& path) {
    const std::string name = path == "-" ? "standard input" : path;
    if (path.empty()) throw Error(ErrorCode::invalid_argument, "the name of the audio file is empty");
    Descriptor file = open_descriptor(path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        throw Error(ErrorCode::io, "{}: cannot be opened: {}", name, std::strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) throw Error(ErrorCode::bad_media, "{}: is a folder, not an audio file", name);
    if (S_ISREG(status.st_mode)) {
        const int64_t base = path == "-" ? std::max<int64_t>(0, ::lseek(file.get(), 0, SEEK_CUR)) : 0;
        return std::make_unique<FileSource>(name, std::move(file), base, std::max<int64_t>(0, status.st_size - base));
    }
    if (::isatty(file.get()) != 0) {
        throw Error(ErrorCode::invalid_argument, "{}: is a terminal; pipe or redirect an audio file into it", name);
    }
    if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) {
        throw Error(ErrorCode::bad_media, "{}: is a device, not an audio file", name);
    }
    Descriptor spool = make_spool(name);
    return std::make_unique<SpooledSource>(name, std::move(file), std::move(spool));
}

std::unique_ptr<ByteSource> memory_source(std::string name, std::string bytes) {
    return std::make_unique<MemorySource>(std::move(name), std::move(bytes));
}

}  // namespace ft
