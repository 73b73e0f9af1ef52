#pragma once
// A file mapped read-only into memory.
#include <cstddef>
#include <filesystem>
#include <span>

namespace ft {

/// Move-only. The bytes stay valid and unchanged while the object lives, provided nobody truncates the file
/// (our own files are only ever replaced by rename). Any number of threads may read.
class MappedFile {
  public:
    MappedFile() = default;
    /// Throws Error{not_found, permission, io}; an empty file gives an empty span.
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;

    std::span<const std::byte> bytes() const { return {data_, size_}; }

  private:
    const std::byte* data_ = nullptr;
    size_t size_ = 0;
};

}  // namespace ft
