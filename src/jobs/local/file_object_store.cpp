#include "jobs/local/file_object_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/replacement_file.h"
#include "base/unique_fd.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
    const ErrorCode code = code_of_errno(error);
    const char* const advice = code == ErrorCode::disk_full ? "; free some room there" : "";
    throw Error(code, "{}: {}: {}{}", path.string(), what, std::strerror(error), advice);
}

ObjectInfo info_of(const std::string& key, const struct stat& status) {
    ObjectInfo info;
    info.key = key;
    info.size_bytes = status.st_size;
    info.modified_ms = int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1000000;
    // The clock of a file system ticks slowly; the inode tells two files of one tick apart.
    info.etag = fmt::format("{:x}-{:x}-{:x}-{:x}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                            status.st_ino);
    return info;
}

class FileWriter : public ObjectWriter {
  public:
    FileWriter(fs::path path, std::string key) : path_(std::move(path)), key_(std::move(key)), file_(path_) {}

    void append(std::span<const std::byte> bytes) override { file_.append(bytes); }

    ObjectInfo commit() override {
        file_.commit();
        struct stat status {};
        if (::lstat(path_.c_str(), &status) != 0) fail(path_, "cannot be read", errno);
        return info_of(key_, status);
    }

  private:
    fs::path path_;
    std::string key_;
    ReplacementFile file_;
};

class FileItself : public LocalCopy {
  public:
    explicit FileItself(fs::path path) : path_(std::move(path)) {}
    const fs::path& path() const override { return path_; }

  private:
    fs::path path_;
};

/// Walks the folders in the order of keys, leaving out what cannot match.
class Lister {
  public:
    Lister(const std::string& prefix, const std::string& after, int limit)
        : prefix_(prefix), after_(after), limit_(static_cast<size_t>(limit)) {}

    /// `base`: the folder's part of the key, empty or ending in '/'.
    void walk(const fs::path& folder, const std::string& base) {
        // With '/' behind folders, the order of names is that of all keys below them.
        std::vector<std::string> names;
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
            std::string name = entry->path().filename().string();
            if (name.front() == '.') continue;
            std::error_code gone;
            const fs::file_type type = entry->symlink_status(gone).type();
            if (type == fs::file_type::directory) name += '/';
            if (type == fs::file_type::directory || type == fs::file_type::regular) names.push_back(std::move(name));
        }
        // A folder that goes while we look is an empty one.
        if (error && code_of_errno(error.value()) != ErrorCode::not_found)
            throw Error(code_of_errno(error.value()), "{}: cannot be listed: {}", folder.string(), error.message());
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            if (found.size() == limit_) return;
            visit(folder, base + name, name);
        }
    }

    std::vector<ObjectInfo> found;

  private:
    void visit(const fs::path& folder, const std::string& key, const std::string& name) {
        if (name.back() == '/') {
            const bool below = prefix_.compare(0, key.size(), key) == 0 || key.compare(0, prefix_.size(), prefix_) == 0;
            const bool done = key < after_ && after_.compare(0, key.size(), key) != 0;
            if (below && !done) walk(folder / name.substr(0, name.size() - 1), key);
            return;
        }
        if (key.compare(0, prefix_.size(), prefix_) != 0 || (!after_.empty() && key <= after_)) return;
        struct stat status {};
        if (::lstat((folder / name).c_str(), &status) == 0) found.push_back(info_of(key, status));
    }

    const std::string& prefix_;
    const std::string& after_;
    size_t limit_;
};

}  // namespace

FileObjectStore::FileObjectStore(const fs::path& folder) : folder_(folder) {
    std::error_code error;
    if (fs::create_directories(folder, error))
        fs::permissions(folder, fs::perms::owner_all, fs::perm_options::replace, error);
    if (error)
        throw Error(code_of_errno(error.value()), "{}: the folder cannot be made: {}; choose another one",
                    folder.string(), error.message());
}

fs::path FileObjectStore::path_of(const std::string& key) const {
    check_key(key);
    return folder_ / key;
}

std::unique_ptr<ObjectWriter> FileObjectStore::create(const std::string& key) {
    const fs::path path = path_of(key);
    std::error_code none;
    if (fs::is_directory(path, none))
        throw Error(ErrorCode::io, "{}: there are objects below this key, so it cannot be one itself", key);
    try {
        return std::make_unique<FileWriter>(path, key);
    } catch (const Error& error) {
        // "not found" would be said of a folder, and callers would take it for the object.
        if (error.code() != ErrorCode::not_found) throw;
        throw Error(ErrorCode::io, "{}", error.what());
    }
}

std::optional<ObjectInfo> FileObjectStore::stat(const std::string& key) {
    const fs::path path = path_of(key);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (code_of_errno(errno) == ErrorCode::not_found) return std::nullopt;
        fail(path, "cannot be read", errno);
    }
    // A link or a device is nothing that this store has written.
    if (!S_ISREG(status.st_mode)) return std::nullopt;
    return info_of(key, status);
}

std::string FileObjectStore::read(const std::string& key, int64_t offset, int64_t length) {
    const fs::path path = path_of(key);
    if (offset < 0 || length < 0)
        throw Error(ErrorCode::invalid_argument, "{}: a range begins and ends at 0 or later", key);
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) {
        if (code_of_errno(errno) == ErrorCode::not_found)
            throw Error(ErrorCode::not_found, "{}: there is no such object", key);
        fail(path, "cannot be read", errno);
    }
    if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::not_found, "{}: there is no such object", key);
    if (offset >= status.st_size) return {};
    std::string bytes(static_cast<size_t>(std::min<int64_t>(length, status.st_size - offset)), '\0');
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::pread(file.get(), bytes.data() + done, bytes.size() - done,
                                    static_cast<off_t>(offset) + static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(path, "cannot be read", errno);
        if (got == 0) break;
        done += static_cast<size_t>(got);
    }
    bytes.resize(done);
    return bytes;
}

std::vector<ObjectInfo> FileObjectStore::list(const std::string& prefix, const std::string& after, int limit) {
    check_prefix(prefix);
    Lister lister(prefix, after, limit);
    // What stands before the last '/' is a folder: nothing beside it is looked at.
    const size_t slash = prefix.rfind('/');
    const std::string base = slash == std::string::npos ? std::string() : prefix.substr(0, slash + 1);
    lister.walk(folder_ / base, base);
    return std::move(lister.found);
}

void FileObjectStore::remove(const std::string& key) {
    const fs::path path = path_of(key);
    if (::unlink(path.c_str()) != 0 && code_of_errno(errno) != ErrorCode::not_found)
        fail(path, "cannot be deleted", errno);
    // rmdir leaves folders alone that are not empty. The top ones stay: another job may be about to write there.
    for (fs::path folder = path.parent_path(); folder != folder_ && folder.parent_path() != folder_;
         folder = folder.parent_path()) {
        if (::rmdir(folder.c_str()) != 0) return;
    }
}

std::unique_ptr<LocalCopy> FileObjectStore::fetch(const JobInput& input, const fs::path&) {
    const auto key = key_of_uri(input.uri);
    if (!key)
        throw Error(ErrorCode::unsupported, "{}: this store reads its own objects only (object:<key>)", input.uri);
    const auto found = stat(*key);
    if (!found) throw Error(ErrorCode::not_found, "{}: the recording is no longer there; submit it again", input.uri);
    check_same_object(input, *found);
    return std::make_unique<FileItself>(path_of(*key));
}

}  // namespace ft
