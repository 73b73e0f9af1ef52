#include "child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace ft {

namespace {

void make_pipe(int (&ends)[2]) {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
}

/// In the child, after fork: only calls that are safe there.
[[noreturn]] void become(char* const* arguments, char* const* environment, const ChildOptions& options, int out,
                         int err) {
    const int in = ::open(options.input.c_str(), O_RDONLY);
    // The test's own signal dispositions are not the child's business.
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (in < 0 || ::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0 || ::chdir(options.folder.c_str()) != 0)
        ::_exit(126);
    ::execve(arguments[0], arguments, environment);
    ::_exit(127);
}

std::vector<std::string> make_environment(const std::map<std::string, std::string>& changes) {
    std::vector<std::string> list;
    for (char** entry = environ; *entry; ++entry) {
        const std::string text = *entry;
        if (!changes.count(text.substr(0, text.find('=')))) list.push_back(text);
    }
    for (const auto& [name, value] : changes) {
        if (!value.empty()) list.push_back(name + "=" + value);
    }
    return list;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

/// Appends what is there; false at the end.
bool drain(int fd, std::string& text) {
    char buffer[4096];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got > 0) text.append(buffer, static_cast<size_t>(got));
    return got > 0 || (got < 0 && errno == EINTR);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const ChildOptions& options) {
    std::vector<std::string> words = command, variables = make_environment(options.environment);
    const std::vector<char*> arguments = pointers(words), environment = pointers(variables);
    int out[2], err[2];
    make_pipe(out);
    make_pipe(err);
    pid_ = ::fork();
    if (pid_ == 0) become(arguments.data(), environment.data(), options, out[1], err[1]);
    ::close(out[1]);
    ::close(err[1]);
    if (options.close_output) ::close(out[0]);
    out_fd_ = options.close_output ? -1 : out[0];
    err_fd_ = err[0];
    if (pid_ < 0) throw std::runtime_error("no process");
}

ChildProcess::~ChildProcess() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    if (out_fd_ >= 0) ::close(out_fd_);
    if (err_fd_ >= 0) ::close(err_fd_);
}

bool ChildProcess::read_some() {
    pollfd events[] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};  // poll leaves negative descriptors out
    if (out_fd_ < 0 && err_fd_ < 0) return false;
    if (::poll(events, 2, -1) < 0) return errno == EINTR;
    if (events[0].revents != 0 && !drain(out_fd_, out_)) {
        ::close(out_fd_);
        out_fd_ = -1;
    }
    if (events[1].revents != 0 && !drain(err_fd_, err_)) {
        ::close(err_fd_);
        err_fd_ = -1;
    }
    return true;
}

bool ChildProcess::wait_for_error_text(const std::string& text) {
    while (err_.find(text) == std::string::npos) {
        if (!read_some()) return false;
    }
    return true;
}

bool ChildProcess::wait_for_output_text(const std::string& text) {
    while (out_.find(text) == std::string::npos) {
        if (!read_some()) return false;
    }
    return true;
}

void ChildProcess::signal(int number) const {
    ::kill(pid_, number);
}

int ChildProcess::wait() {
    while (read_some()) {
    }
    int status = 0;
    rusage usage = {};
    while (::wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    peak_kb_ = usage.ru_maxrss;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace ft
