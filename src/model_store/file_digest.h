#pragma once
// Hashes of files as the hub tells them.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace ft {

struct FileDigest {
    uint64_t size = 0;
    std::string sha256;    ///< hexadecimal
    std::string git_sha1;  ///< of "blob <size>\0" and the bytes, as git names a file
};

/// Reads the file once, in pieces (a damaged disk gives Error{io}, not a signal). `tick` is called between pieces and
/// may throw. Throws Error{not_found, permission, io}.
FileDigest digest_file(const std::filesystem::path& path, const std::function<void()>& tick = {});

}  // namespace ft
