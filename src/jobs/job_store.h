#pragma once
// THE DEPLOYMENT SEAM, part 1: where jobs live (memory | SQLite | DynamoDB). One conformance suite runs on all:
// tests/conformance/jobs.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/events.h"
#include "jobs/job.h"
#include "jobs/transitions.h"

namespace ft {

struct Created {
    enum class Kind {
        created,
        existing,  ///< the same id, or the same idempotency key with the same digest: `job` is the one from then
        conflict,  ///< the same idempotency key, but another request: `job` is the one from then
    };
    Kind kind = Kind::created;
    Job job;
};

struct JobFilter {
    std::vector<JobState> states;  ///< empty: all
    std::string search;            ///< part of id, file name or error, in any case; empty: all
    std::string cursor;            ///< JobPage::next of the page before; empty: from the newest
    int limit = 50;                ///< 1 … 1000
};

struct JobPage {
    std::vector<Job> jobs;  ///< newest first
    std::string next;       ///< empty: that was the last page
};

/// How a delivery goes on.
struct DeliveryUpdate {
    EventState state = EventState::pending;
    int64_t due_ms = 0;  ///< of the next try, while pending
};

/// Threads: every function may be called by any thread at once, and any number of processes may share one store.
/// Ownership: everything is passed and returned by value; nothing refers into the store.
/// Failure: Error{network, io, permission} — then it is unknown whether a write was done. Every function may be
/// repeated, with the same arguments and the same outcome; only claim() may then have taken a job whose lease must run
/// out first. Conditional writes that lose return a StoreResult and never throw for it. Durability: when a function
/// that a client waits for (create, cancel, redrive, commit, end_attempt, record_delivery, replay) has returned, a
/// power loss does not undo it. renew and save_progress may be undone, in their order. Time is the store's own Clock
/// (wall time, as several machines share it).
class JobStore {
  public:
    virtual ~JobStore() = default;

    /// Throws Error{invalid_argument} as check_new_job does.
    virtual Created create(const NewJob& job) = 0;
    virtual std::optional<Job> get(const std::string& id) = 0;
    /// Pages stay right while jobs come: none is listed twice or left out, but for those that were deleted or created
    /// meanwhile. Throws Error{invalid_argument} for a cursor that is none and a limit out of range.
    virtual JobPage list(const JobFilter& filter) = 0;

    /// Jobs in no terminal state, in any order, at most `limit`: what a reaper walks through. May be some moments
    /// behind.
    virtual std::vector<Job> unfinished(int limit) = 0;

    /// The recording is there that a job was made for before (NewJob::not_before_ms); the job becomes due. done also
    /// when it is the same one again; wrong_state for another one, and when nothing is awaited.
    virtual StoreResult arrive(const std::string& id, const JobInput& input) = 0;
    /// A machine is asked for (never on one machine). done: launch_seq of get() is the caller's.
    virtual StoreResult launch(const std::string& id, const LaunchRequest& request) = 0;
    /// That machine will not come; stale when the job has been launched or claimed since.
    virtual StoreResult launch_failed(const std::string& id, int launch_seq, const RetryDecision& decision) = 0;
    /// A job that is due, or whose lease has run out; nothing when there is none. Its fence grows by one, and from
    /// then on every write under an older lease fails.
    virtual std::optional<Job> claim(const ClaimRequest& request) = 0;
    virtual StoreResult renew(const Lease& lease, int64_t lease_ms) = 0;
    virtual StoreResult save_progress(const Lease& lease, const JobProgress& progress) = 0;
    /// One transaction: state, outbox row, usage row. The result's files must lie in the object store already.
    virtual StoreResult commit(const Lease& lease, const JobResult& result) = 0;
    virtual StoreResult end_attempt(const Lease& lease, const RetryDecision& decision) = 0;
    virtual StoreResult release(const Lease& lease) = 0;
    /// At once, also while a worker is at it: that one's next write fails.
    virtual StoreResult cancel(const std::string& id) = 0;
    virtual StoreResult redrive(const std::string& id) = 0;

    /// Takes up to `limit` pending events that are due, oldest due first, and makes them due again `lease_ms` later, so
    /// that no two callers try one at the same time. With a job id: only that job's.
    virtual std::vector<OutboxEvent> claim_events(int limit, int64_t lease_ms, const std::string& job_id = {}) = 0;
    /// Adds a line to the event's log of deliveries and says how it goes on. `event`: as claim_events gave it; stale
    /// when somebody else has taken it since (repeated calls are recognized by attempts). disabled: the job's other
    /// pending events, too.
    virtual StoreResult record_delivery(const OutboxEvent& event, const DeliveryAttempt& attempt,
                                        const DeliveryUpdate& update) = 0;
    /// Due at once and with a fresh schedule; same id, so that receivers see it is the same message.
    virtual StoreResult replay(const std::string& event_id) = 0;
    /// In the order of the job's changes.
    virtual std::vector<OutboxEvent> events_of(const std::string& job_id) = 0;
    virtual std::vector<DeliveryAttempt> deliveries_of(const std::string& event_id) = 0;
    virtual std::optional<UsageRow> usage_of(const std::string& job_id) = 0;

    /// Terminal jobs last changed before `before_ms`, oldest first.
    virtual std::vector<Job> expired(int64_t before_ms, int limit) = 0;
    /// Deletes the job with its events, if it is still terminal and not changed since `before_ms`; its usage row stays.
    virtual StoreResult remove(const std::string& id, int64_t before_ms) = 0;
};

/// The lease that claim() gave.
inline Lease lease_of(const Job& job) {
    return {job.id, job.owner, job.fence};
}

}  // namespace ft
