#pragma once
// Folders and file descriptors of the store; errno as Error.
#include <filesystem>

#include "base/unique_fd.h"

namespace ft {

/// Throws Error{not_found, permission, io} for an errno, naming the path and what to do where that is known.
[[noreturn]] void throw_file_error(const std::filesystem::path& path, const char* what, int error);

/// Creates it and its parents. Throws as above.
void make_folder(const std::filesystem::path& folder);

/// Makes names in a folder survive a power loss. Silent where the file system cannot.
void sync_folder(const std::filesystem::path& folder);

}  // namespace ft
