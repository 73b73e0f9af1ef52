#pragma once
// Who follows a worker's steps: a machine that tells, with each result, where its time went and what it cost.
#include <string>
#include <string_view>

#include "jobs/job.h"

namespace ft {

/// In the order of an attempt.
enum class WorkerStep {
    claimed,
    fetched,       ///< the recording is a file of this machine
    first_window,  ///< its first finished window, checkpoints of earlier attempts aside
    transcribed,   ///< the last one
    stored,        ///< all files of the result are in the object store
    committed,
    notified,  ///< the one try for a message has ended, in one way or another
};
std::string_view to_string(WorkerStep step);

/// Called by the workers' threads, several at once. Must not throw, and not take long: a lease runs meanwhile.
class WorkerObserver {
  public:
    virtual ~WorkerObserver() = default;
    virtual void on_step(const Job& job, WorkerStep step) = 0;
    /// Asked between stored and committed: what JobResult::run becomes. JSON, or empty.
    virtual std::string run_report(const Job& job) = 0;
};

}  // namespace ft
