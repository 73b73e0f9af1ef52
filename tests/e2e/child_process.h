#pragma once
// A program that runs beside the test: its input, its two outputs, its end.
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ft {

struct ChildOptions {
    std::filesystem::path folder = ".";              ///< its current folder
    std::map<std::string, std::string> environment;  ///< set on top of the test's own; "" unsets
    std::filesystem::path input = "/dev/null";       ///< its standard input
    bool close_output = false;                       ///< its standard output is a pipe that nobody reads
};

/// Move-only in effect. A child that still runs is killed when the object goes.
class ChildProcess {
  public:
    /// Throws std::runtime_error when it cannot be started.
    ChildProcess(const std::vector<std::string>& command, const ChildOptions& options);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Reads its outputs until `text` has stood on standard error; false when it ended before.
    bool wait_for_error_text(const std::string& text);
    /// Likewise of standard output.
    bool wait_for_output_text(const std::string& text);
    void signal(int number) const;
    pid_t pid() const { return pid_; }
    /// Reads to the end of both outputs; the exit code, or -signal.
    int wait();

    const std::string& out() const { return out_; }
    const std::string& err() const { return err_; }
    /// After wait(): the largest resident size.
    long peak_kb() const { return peak_kb_; }

  private:
    bool read_some();

    pid_t pid_ = -1;
    int out_fd_ = -1, err_fd_ = -1;
    std::string out_, err_;
    long peak_kb_ = 0;
};

}  // namespace ft
