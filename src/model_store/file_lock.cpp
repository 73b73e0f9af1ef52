#include "model_store/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "model_store/store_files.h"

namespace ft {

FileLock::FileLock(const std::filesystem::path& file, const std::function<void()>& wait) {
    make_folder(file.parent_path());
    file_ = UniqueFd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!file_) throw_file_error(file, "the lock cannot be made", errno);
    while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) {
            // Two pulls at once may then waste work, but the check of SHA-256 still keeps bad files out.
            spdlog::warn("{}: no lock can be had there ({}); do not get the same model twice at once", file.string(),
                         std::strerror(errno));
            return;
        }
        wait();
    }
}

}  // namespace ft
