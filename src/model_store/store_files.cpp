#include "model_store/store_files.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/file.h"

namespace ft {

void throw_file_error(const std::filesystem::path& path, const char* what, int error) {
    if (error == ENOSPC || error == EDQUOT) {
        throw Error(ErrorCode::disk_full,
                    "{}: {}: no room is left there; free some, or choose another place with --model_dir (what has "
                    "arrived is kept)",
                    path.string(), what);
    }
    const ErrorCode code = code_of_errno(error);
    throw Error(
        code, "{}: {}: {}{}", path.string(), what, std::strerror(error),
        code == ErrorCode::permission ? "; make it accessible for you, or choose another place with --model_dir" : "");
}

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw_file_error(folder, "the folder cannot be made", error.value());
}

}  // namespace ft
