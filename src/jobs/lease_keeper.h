#pragma once
// Keeps a lease alive while its holder works, and says when the holder must stop writing.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "jobs/job_store.h"

namespace ft {

struct LeaseTimes {
    int64_t lease_ms = 120000;
    int64_t heartbeat_ms = 30000;
    /// A holder that could not renew for lease − margin stops by itself, before anybody else may take the job.
    int64_t margin_ms = 20000;
};

/// A thread renews the lease from construction to destruction. How long the lease has been without renewal is measured
/// by the clock that goes on while the machine sleeps, from before the call that renewed it.
class LeaseKeeper {
  public:
    enum class Loss {
        none,
        expired,    ///< it could not be renewed in time
        taken,      ///< somebody else has the job, or it is finished
        cancelled,  ///< somebody cancelled the job
    };

    /// `claimed_boot_ms`: Clock::boot_ms() before the claim. `halt` becomes true with the loss. Everything outlives it.
    LeaseKeeper(JobStore& store, const Clock& clock, Lease lease, int64_t claimed_boot_ms, const LeaseTimes& times,
                std::atomic<bool>& halt);
    /// Joins the thread: waits for a renewal that is under way.
    ~LeaseKeeper();
    LeaseKeeper(const LeaseKeeper&) = delete;
    LeaseKeeper& operator=(const LeaseKeeper&) = delete;

    /// Any thread. Looks at the clock, so it is right also while a renewal hangs. Once lost, always lost.
    Loss loss();
    /// Whether the lease, as renewed last, has not run out but for its margin. Any thread.
    bool in_time() const;

  private:
    void run();
    /// False when there is nothing more to keep. Called without the lock.
    bool renew();
    void lose(Loss loss);

    JobStore& store_;
    const Clock& clock_;
    const Lease lease_;
    const LeaseTimes times_;
    std::atomic<bool>& halt_;
    std::atomic<int64_t> held_until_ms_;  // boot clock, margin taken off
    std::atomic<Loss> loss_{Loss::none};
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;    // under mutex_
    int64_t next_renewal_ms_;  // boot clock; of the thread
    std::thread thread_;
};

}  // namespace ft
