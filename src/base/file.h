#pragma once
// Whole files: read with a limit, written so that a reader sees the old content or the new, never a part.
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ft {

/// not_found, permission, disk_full or io.
ErrorCode code_of_errno(int error);

/// The file's bytes. Throws Error{not_found, permission, io}, and Error{io} when it is longer than `limit_bytes`.
std::string read_file(const std::filesystem::path& path, size_t limit_bytes = size_t{64} << 20);

/// Writes beside the target, syncs and renames: after a crash the old content or the new is there.
/// Creates missing folders. Throws Error{permission, disk_full, io} naming the path; leaves no temporary file behind.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Makes names in a folder survive a power cut. Silent where the file system cannot.
void sync_folder(const std::filesystem::path& folder);

}  // namespace ft
