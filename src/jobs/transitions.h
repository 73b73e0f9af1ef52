#pragma once
// Every change of a job as a pure function: the record before → the record after, and the rows that go with it in the
// same transaction. The stores load, call one of these, and write all or nothing; no rule about states lives anywhere
// else.
#include <optional>

#include "jobs/events.h"
#include "jobs/job.h"
#include "jobs/retry_policy.h"

namespace ft {

enum class JobEvent { launch, claim, succeed, retry, fail, give_up, cancel, redrive, release };

/// The table of docs/jobs.md; nothing: not allowed.
std::optional<JobState> next_state(JobState from, JobEvent event);

/// What became of a conditional write. None of these is an error: somebody else was first.
enum class StoreResult {
    done,         ///< also when the same call had been done before, its answer having been lost
    stale,        ///< another fence or owner: the caller has lost the job and must not write
    cancelled,    ///< as stale, because somebody cancelled the job
    wrong_state,  ///< the job's state does not allow it
    not_found,
};

/// A worker's right to write, from claim() on.
struct Lease {
    std::string job_id, owner;
    int64_t fence = 0;
};

struct LaunchRequest {
    int64_t lease_ms = 300000;        ///< within which the machine must have claimed
    int max_transient_failures = 20;  ///< JobRetryPolicy's
    int max_crashes = 3;              ///< likewise, for a job whose worker has gone
};

struct ClaimRequest {
    std::string owner;  ///< unique to this worker's life, so that a restarted one is another
    int64_t lease_ms = 120000;
    std::string job_id;               ///< only this one; empty: the one that has waited longest
    int launch_seq = -1;              ///< only if the job's is the same; < 0: any
    int max_crashes = 3;              ///< JobRetryPolicy::max_crashes, for a job whose worker has gone
    int max_transient_failures = 20;  ///< likewise, for a machine that never came
};

/// Written together or not at all.
struct Change {
    Job job;
    std::optional<OutboxEvent> event;  ///< inserted unless its id is there
    std::optional<UsageRow> usage;     ///< inserted unless the job has one
};

struct Step {
    StoreResult result = StoreResult::done;
    std::optional<Change> change;  ///< nothing to write when absent
};

Change new_job(const NewJob& wanted, std::string id, int64_t now_ms);
/// The recording that the job was made for is there: the job is due. Only the first one counts; wrong_state for
/// another.
Step step_arrive(const Job& job, const JobInput& input, int64_t now_ms);
/// A machine is asked for; launch_seq grows. The lease covers its start. Of a running job only when its lease has run
/// out; a crash is counted then. Asked for so often in vain, its workers gone so often, or past its deadline, the job
/// becomes dead: result wrong_state, with a change.
Step step_launch(const Job& job, const LaunchRequest& request, int64_t now_ms);
/// The machine of this launch will not come (no capacity, or its input is gone): retry, fail or give up, as
/// decide_retry says.
Step step_launch_failed(const Job& job, int launch_seq, const RetryDecision& decision, int64_t now_ms);
/// Due, or the lease has run out (then a crash is counted, and at the limit, or past its deadline, the job becomes
/// dead: result wrong_state, with a change to be written).
Step step_claim(const Job& job, const ClaimRequest& request, int64_t now_ms);
/// Also after the lease has run out, as long as nobody took the job.
Step step_renew(const Job& job, const Lease& lease, int64_t lease_ms, int64_t now_ms);
Step step_progress(const Job& job, const Lease& lease, const JobProgress& progress, int64_t now_ms);
Step step_commit(const Job& job, const Lease& lease, const JobResult& result, int64_t now_ms);
/// retry, fail or give up, as decide_retry says.
Step step_end_attempt(const Job& job, const Lease& lease, const RetryDecision& decision, int64_t now_ms);
/// A worker that is told to stop gives the job back; no failure is counted.
Step step_release(const Job& job, const Lease& lease, int64_t now_ms);
Step step_cancel(const Job& job, int64_t now_ms);
/// failed, dead, cancelled → queued with fresh counters.
Step step_redrive(const Job& job, int64_t now_ms);

}  // namespace ft
