#pragma once
// moto, which plays AWS, as a child process on a free port of this machine.
#include <sys/types.h>

#include <memory>
#include <string>

namespace ft::aws::testing {

/// Killed when the object goes.
class MotoServer {
  public:
    /// Null, with a sentence in `why`, when moto is not installed (scripts/moto.sh) or does not start within 60 s.
    /// After `unchecked` requests every further one's signature is verified and its action looked up in IAM.
    static std::unique_ptr<MotoServer> start(int unchecked, std::string& why);
    ~MotoServer();
    MotoServer(const MotoServer&) = delete;
    MotoServer& operator=(const MotoServer&) = delete;

    const std::string& url() const { return url_; }

  private:
    MotoServer(pid_t pid, std::string url) : pid_(pid), url_(std::move(url)) {}
    bool is_ready() const;

    pid_t pid_;
    std::string url_;
};

}  // namespace ft::aws::testing
