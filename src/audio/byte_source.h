#pragma once
// Where the bytes come from: a file, standard input or memory. One rule: every source can be read at any offset.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ft {

/// Bytes that can be read again and again, at any offset. One thread at a time.
/// Nothing here throws after construction: FFmpeg calls it from C.
class ByteSource {
  public:
    virtual ~ByteSource() = default;

    /// What error sentences call it: the path, or "standard input".
    virtual const std::string& name() const noexcept = 0;

    /// Fills up to `count` bytes from `offset`; 0 at the end; -1 after a failure, which failure() then explains.
    /// May give fewer bytes than asked for.
    virtual int64_t read_at(int64_t offset, uint8_t* buffer, size_t count) noexcept = 0;

    /// Bytes in all; nothing while a pipe has not ended.
    virtual std::optional<int64_t> size() const noexcept = 0;

    /// Why a read failed, e.g. "cannot be read: Input/output error"; empty when none did.
    virtual const std::string& failure() const noexcept = 0;
};

/// A path, or "-" for standard input. Pipes are read as they come and kept in an unlinked temporary file (in $TMPDIR,
/// else /var/tmp, else /tmp) so that containers that keep their index at the end (mp4) work; memory stays flat.
/// Throws Error{not_found, permission, bad_media (folder, device, empty), invalid_argument (terminal), io}.
std::unique_ptr<ByteSource> open_byte_source(const std::string& path);

/// Bytes in memory, for tests and the fuzzer.
std::unique_ptr<ByteSource> memory_source(std::string name, std::string bytes);

}  // namespace ft
