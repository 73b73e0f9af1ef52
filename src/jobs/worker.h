#pragma once
// claim → fetch → transcribe → checkpoint by window → store the result → commit → notify. The same in the local server
// and on a machine in the cloud: it knows the three interfaces and nothing else.
#include <atomic>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "jobs/job_store.h"
#include "jobs/lease_keeper.h"
#include "jobs/notifier.h"
#include "jobs/object_store.h"
#include "jobs/outbox.h"
#include "jobs/retry_policy.h"
#include "jobs/transcribe.h"
#include "jobs/worker_observer.h"

namespace ft {

struct WorkerParts {
    JobStore& store;
    ObjectStore& objects;
    Notifier& notifier;
    Transcribe& transcribe;
    const Clock& clock;
    Random random;
    WorkerObserver* observer = nullptr;  ///< may be null
};

struct WorkerOptions {
    std::string owner;  ///< unique to this worker's life: host, process, a random number
    LeaseTimes lease;
    JobRetryPolicy retry;
    std::filesystem::path scratch;  ///< for inputs that must be downloaded
    std::string job_id;             ///< only this job (a machine launched for it); empty: any
    int launch_seq = -1;            ///< likewise
    int write_tries = 4;            ///< of a write that ends the job
    int64_t full_disk_ms = 300000;  ///< how long such a write is tried while the disk is full
    int64_t notify_ms = 5000;       ///< after so long no further message of a finished job is tried
};

/// What became of one round.
enum class Round {
    idle,       ///< nothing to do
    succeeded,  ///< committed
    retried,    ///< to be tried again later
    failed,     ///< the input is at fault
    dead,       ///< given up
    released,   ///< given back, as request_stop() was called
    lost,       ///< no longer ours (fence, lease, cancelled), or the store did not answer: nothing was written
};
std::string_view to_string(Round round);

/// One thread calls run_one(), again and again; request_stop() may come from any thread, or from a signal handler.
class Worker {
  public:
    /// What the parts refer to outlives the worker.
    Worker(WorkerParts parts, WorkerOptions options);

    /// Takes at most one job and ends it in one way or another. What the job does wrong is the job's error; throws
    /// Error only when the store does not answer to the claim. Logs what it does.
    Round run_one();
    /// The job under way is given back after its current window; run_one() does nothing from then on.
    void request_stop();

  private:
    class Attempt;

    WorkerParts parts_;
    WorkerOptions options_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> halt_{false};  // tells the engine to stop
};

}  // namespace ft
