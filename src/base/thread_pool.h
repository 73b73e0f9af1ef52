#pragma once
// The one pool of compute threads. No thread spins for longer than a few microseconds: idle ones sleep.
#include <cstdint>
#include <functional>
#include <memory>

namespace ft {

/// A fixed set of threads that run the parts of one loop together; the caller takes part.
class ThreadPool {
  public:
    /// `threads` counts the caller: 1 makes no thread at all. 0 means all cores this process may use.
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const { return threads_; }

    /// Runs body(task, thread) for every task in [0, tasks), handed out in ascending order as threads become free;
    /// thread is in [0, threads()). Returns when all are done. The first exception thrown by a body is rethrown here.
    /// One call at a time: a pool belongs to one owner.
    void run(int64_t tasks, const std::function<void(int64_t task, int thread)>& body);

  private:
    struct Shared;
    int threads_;
    std::unique_ptr<Shared> shared_;
};

/// Cores this process may use (the affinity mask, not what the machine has).
int usable_cores();

}  // namespace ft
