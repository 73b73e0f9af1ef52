#pragma once
// Workers of one process, a thread each: they share one engine, so that their jobs share one batch.
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "jobs/worker.h"

namespace ft {

class WorkerPool {
  public:
    /// `options.owner` gets each worker's number behind it. What the parts refer to outlives the pool. Nothing runs
    /// before start(). `may_begin` is asked before each look for a job, by any of the threads.
    WorkerPool(const WorkerParts& parts, const WorkerOptions& options, int workers, std::function<bool()> may_begin);
    /// stop()
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// Once.
    void start();
    /// There may be a job: idle workers look at once. Any thread.
    void wake();
    /// Jobs under way are given back with the windows that are finished; returns when all threads have ended. One
    /// thread at a time, again and again.
    void stop();

    int workers() const { return static_cast<int>(workers_.size()); }
    /// How many rounds ended so, since the start. Any thread.
    int64_t rounds(Round round) const { return rounds_[static_cast<size_t>(round)].load(); }

  private:
    void run(Worker& worker);
    /// Whether there may be more to do at once.
    bool round(Worker& worker);

    void complain(const std::string& sentence);

    const Clock& clock_;
    const std::function<bool()> may_begin_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::array<std::atomic<int64_t>, 7> rounds_{};
    std::mutex mutex_;
    std::condition_variable changed_;
    int64_t wakes_ = 0;  // under mutex_, as are:
    bool stopping_ = false;
    std::string complaint_;
    int64_t complained_ms_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace ft
