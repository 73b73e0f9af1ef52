#pragma once
// A large file that is written piece by piece and takes its place only when it is complete.
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace ft {

/// Move-free, one thread. Until commit() nothing is seen at the path; a writer that dies leaves nothing behind (where
/// the file system knows nameless files; elsewhere a hidden file beside the target, removed by the destructor).
/// Any number of processes may replace one path at once: the last commit stays. Throws Error{permission, not_found,
/// disk_full, io}.
class ReplacementFile {
  public:
    /// Creates missing folders.
    explicit ReplacementFile(const std::filesystem::path& path);
    ~ReplacementFile();
    ReplacementFile(const ReplacementFile&) = delete;
    ReplacementFile& operator=(const ReplacementFile&) = delete;

    void append(std::span<const std::byte> bytes);
    /// Appends zeros up to a multiple of `alignment`.
    void align(uint64_t alignment);
    /// Overwrites bytes that were appended before.
    void rewrite(uint64_t offset, std::span<const std::byte> bytes);
    uint64_t size() const { return size_; }
    /// Syncs and takes the path over, replacing what was there.
    void commit();

  private:
    void write_at(uint64_t offset, std::span<const std::byte> bytes);
    [[noreturn]] void fail(int error) const;

    std::filesystem::path path_;
    int fd_ = -1;
    std::string temporary_;  // empty while the file has no name
    uint64_t size_ = 0;
};

}  // namespace ft
