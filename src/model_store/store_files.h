#pragma once
// Folders of the store; errno as Error, with advice.
#include <filesystem>

namespace ft {

/// Throws Error{not_found, permission, io} for an errno, naming the path and what to do where that is known.
[[noreturn]] void throw_file_error(const std::filesystem::path& path, const char* what, int error);

/// Creates it and its parents. Throws as above.
void make_folder(const std::filesystem::path& folder);

}  // namespace ft
