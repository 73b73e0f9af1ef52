#pragma once
// Sends what is due in the outbox for as long as it lives: the local server's part of delivery (in the cloud a timer
// does it).
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "jobs/outbox.h"

namespace ft {

struct OutboxSenderOptions {
    int threads = 4;            ///< a receiver that takes its 15 s holds up one of them
    int64_t look_ms = 1000;     ///< how often it looks what has become due
    OutboxOptions outbox = {};  ///< its limit is not used
};

/// Any number of senders may share a store, in any number of processes.
class OutboxSender {
  public:
    /// What it refers to outlives it.
    OutboxSender(JobStore& store, Notifier& notifier, const Clock& clock, Random random,
                 const OutboxSenderOptions& options = {});
    /// Waits for the tries under way, at most some 15 s.
    ~OutboxSender();
    OutboxSender(const OutboxSender&) = delete;
    OutboxSender& operator=(const OutboxSender&) = delete;

    /// Something may have become due: looks at once. Any thread.
    void wake();

  private:
    void run();
    bool send_one();

    JobStore& store_;
    Notifier& notifier_;
    const Clock& clock_;
    const Random random_;
    const OutboxSenderOptions options_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int64_t wakes_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ft
