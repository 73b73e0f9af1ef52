#pragma once
// Ctrl-C and its relatives: the first asks the run to stop with what is finished, the second ends the process.
#include <atomic>
#include <functional>
#include <thread>

namespace ft {

/// SIGINT, SIGTERM and SIGHUP, taken by a thread of its own: no code runs inside a signal handler.
/// At most one object of a process may have caught signals at a time.
class Interruption {
  public:
    Interruption() = default;
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    /// Blocks the signals in this thread and in those that it starts from now on: call it before any other is there.
    /// Signals that are ignored (nohup, a script's background jobs) stay ignored. `notice` is called once, from the
    /// watching thread, when the first signal has come. Throws Error{io} when the system has no descriptors left.
    void catch_signals(std::function<void()> notice);

    /// What the signals call; also for tests. The second call ends the process at once with 128 + signal.
    void request(int signal);

    const std::atomic<bool>& stop() const { return stop_; }
    /// 128 + the first signal, 0 when there was none.
    int exit_code() const { return signal_ == 0 ? 0 : 128 + signal_; }

  private:
    void watch();

    std::atomic<bool> stop_{false};
    std::atomic<int> signal_{0};
    std::function<void()> notice_;
    int signals_ = -1, wake_ = -1;  // descriptors
    std::thread thread_;
};

}  // namespace ft
