#pragma once
// A disk of some megabytes that a test can fill, and make read-only; and its poor relation, a limit on files.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace ft::test {

/// A file system in memory, seen by the thread that makes it and by threads that it starts. Gone with the object.
class SmallDisk {
  public:
    SmallDisk(const std::filesystem::path& folder, int megabytes) : folder_(folder) {
        std::filesystem::create_directories(folder);
        // In a space of our own, so that the mount is nobody else's. Without root's rights where users may have one.
        const bool apart =
            ::unshare(CLONE_NEWNS) == 0 || (::geteuid() != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
        const std::string size = "size=" + std::to_string(megabytes) + "m,mode=0700";
        mounted_ = apart && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   ::mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) == 0;
        if (!mounted_) why_not_ = std::string("no disk can be mounted here (") + std::strerror(errno) + ")";
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    /// A sentence when there is none.
    const std::string& why_not() const { return why_not_; }
    /// Takes all room but so much.
    void fill(int64_t leave_bytes = 0) const {
        std::ofstream ballast(ballast_path(), std::ios::binary | std::ios::app);
        const std::string block(4096, 'x');
        while (static_cast<int64_t>(std::filesystem::space(folder_).available) > leave_bytes && ballast)
            ballast.write(block.data(), static_cast<std::streamsize>(block.size())).flush();
    }
    void empty() const { std::filesystem::remove(ballast_path()); }
    /// False while files are open for writing.
    bool set_read_only(bool read_only) const {
        return ::mount(nullptr, folder_.c_str(), nullptr, MS_REMOUNT | (read_only ? MS_RDONLY : 0), nullptr) == 0;
    }

  private:
    std::filesystem::path ballast_path() const { return folder_ / "ballast"; }

    const std::filesystem::path folder_;
    std::string why_not_;
    bool mounted_ = false;
};

/// No file of this process grows beyond so many bytes, as long as this lives: what a disk without room looks like where
/// nothing can be mounted.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit small{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit before_{};
    void (*handler_)(int);
};

}  // namespace ft::test
