#include "jobs/temporary_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/file.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail_to_copy(const fs::path& path, const char* what, int error) {
    const ErrorCode code = code_of_errno(error);
    // "not found" would be taken for the recording.
    throw Error(code == ErrorCode::not_found ? ErrorCode::io : code,
                "{}: {}: {}; free some room there, or choose "
                "another folder",
                path.string(), what, std::strerror(error));
}

}  // namespace

TemporaryCopy::TemporaryCopy(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) fail_to_copy(folder, "the folder cannot be made", error.value());
    std::string name = (folder / "input.XXXXXX").string();
    file_ = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
    if (!file_) fail_to_copy(folder, "no temporary file can be made there", errno);
    path_ = name;
}

TemporaryCopy::~TemporaryCopy() {
    ::unlink(path_.c_str());
}

void TemporaryCopy::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(file_.get(), bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) fail_to_copy(path_, "cannot be written", errno);
        bytes.remove_prefix(static_cast<size_t>(done));
    }
}

}  // namespace ft
