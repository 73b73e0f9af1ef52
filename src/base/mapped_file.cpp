#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "base/unique_fd.h"

namespace ft {

MappedFile::MappedFile(const std::filesystem::path& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw Error(code_of_errno(errno), "{}: cannot be opened: {}", path.string(), std::strerror(errno));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        throw Error(ErrorCode::io, "{}: is not a regular file", path.string());
    if (status.st_size > 0) {
        void* data = ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file.get(), 0);
        if (data == MAP_FAILED)
            throw Error(ErrorCode::io, "{}: cannot be mapped: {}", path.string(), std::strerror(errno));
        data_ = static_cast<const std::byte*>(data);
        size_ = static_cast<size_t>(status.st_size);
    }
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

}  // namespace ft
