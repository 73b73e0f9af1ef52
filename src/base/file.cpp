#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/replacement_file.h"
#include "base/unique_fd.h"

namespace ft {

ErrorCode code_of_errno(int error) {
    if (error == ENOENT || error == ENOTDIR) return ErrorCode::not_found;
    if (error == EACCES || error == EPERM || error == EROFS) return ErrorCode::permission;
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? ErrorCode::disk_full : ErrorCode::io;
}

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int error) {
    throw Error(code_of_errno(error), "{}: {}: {}", path.string(), what, std::strerror(error));
}

}  // namespace

std::string read_file(const std::filesystem::path& path, size_t limit_bytes) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) fail(path, "cannot be opened", errno);
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
    ReplacementFile file(path);
    file.append(std::as_bytes(std::span(content)));
    file.commit();
}

void sync_folder(const std::filesystem::path& folder) {
    const UniqueFd handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (handle) (void)::fsync(handle.get());
}

}  // namespace ft
