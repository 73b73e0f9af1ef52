#pragma once
// Wall time in seconds.
#include <chrono>

namespace ft {

class Stopwatch {
  public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Adds the time of its scope to a total.
class ScopedTimer {
  public:
    explicit ScopedTimer(double& total_s) : total_s_(total_s) {}
    ~ScopedTimer() { total_s_ += watch_.seconds(); }
    ScopedTimer(const ScopedTimer&) = delete;
    ScopedTimer& operator=(const ScopedTimer&) = delete;

  private:
    double& total_s_;
    Stopwatch watch_;
};

}  // namespace ft
