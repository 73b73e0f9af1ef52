#include "model_store/partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "model_store/store_files.h"

namespace ft {

PartialFile::PartialFile(std::filesystem::path path) : path_(std::move(path)) {
    file_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    struct stat status {};
    if (!file_ || ::fstat(file_.get(), &status) != 0) throw_file_error(path_, "cannot be written", errno);
    size_ = static_cast<uint64_t>(status.st_size);
}

void PartialFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw_file_error(path_, "cannot be written", errno);
        size_ += static_cast<uint64_t>(written);
        bytes.remove_prefix(static_cast<size_t>(written));
    }
}

void PartialFile::clear() {
    if (::ftruncate(file_.get(), 0) != 0) throw_file_error(path_, "cannot be written", errno);
    size_ = 0;
}

void PartialFile::finish(const std::filesystem::path& target) {
    if (::fsync(file_.get()) != 0) throw_file_error(path_, "cannot be written", errno);
    if (::rename(path_.c_str(), target.c_str()) != 0) throw_file_error(target, "cannot be written", errno);
    sync_folder(target.parent_path());
}

void PartialFile::discard() {
    ::unlink(path_.c_str());
}

}  // namespace ft
