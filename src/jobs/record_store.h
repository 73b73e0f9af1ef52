#pragma once
// What all job stores have in common: each conditional write is "load, step (transitions.h), store if unchanged".
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jobs/job_store.h"

namespace ft {

/// An implementation gives change() and claimable() and has all changes of JobStore. Threads as JobStore.
class RecordStore : public JobStore {
  public:
    /// Through list(); for stores that have no quicker way.
    std::vector<Job> unfinished(int limit) override;
    StoreResult arrive(const std::string& id, const JobInput& input) override;
    StoreResult launch(const std::string& id, const LaunchRequest& request) override;
    StoreResult launch_failed(const std::string& id, int launch_seq, const RetryDecision& decision) override;
    std::optional<Job> claim(const ClaimRequest& request) override;
    StoreResult renew(const Lease& lease, int64_t lease_ms) override;
    StoreResult save_progress(const Lease& lease, const JobProgress& progress) override;
    StoreResult commit(const Lease& lease, const JobResult& result) override;
    StoreResult end_attempt(const Lease& lease, const RetryDecision& decision) override;
    StoreResult release(const Lease& lease) override;
    StoreResult cancel(const std::string& id) override;
    StoreResult redrive(const std::string& id) override;

  protected:
    using StepFunction = std::function<Step(const Job&)>;
    enum class Durability {
        power_loss,  ///< on the disk when it returns
        crash,       ///< may be lost with the machine's power, not with the process
    };

    explicit RecordStore(const Clock& clock) : clock_(clock) {}
    int64_t now_ms() const { return clock_.wall_ms(); }
    /// now_ms() for those who take what is due; asked often, so it may first see to what a jump of the clock has done.
    virtual int64_t claim_time_ms() { return now_ms(); }

    /// Loads the record, calls `step`, and writes its change, all as one: nobody else writes the record in between
    /// (where somebody may, it is loaded and stepped again). not_found without a record, else the step's result.
    virtual StoreResult change(const std::string& id, Durability durability, const StepFunction& step) = 0;
    /// Ids of jobs that may be claimed, those due for the longest first.
    virtual std::vector<std::string> claimable(int64_t now_ms, int limit) = 0;

  private:
    const Clock& clock_;
};

/// What JobFilter::cursor says: pages go on below this (created_ms, id).
struct ListPosition {
    int64_t created_ms = 0;
    std::string id;
};
std::string cursor_of(const Job& job);
/// Throws Error{invalid_argument}.
ListPosition parse_cursor(std::string_view cursor);
/// Throws Error{invalid_argument} for a limit out of range.
void check_filter(const JobFilter& filter);

/// An id that is asked for again is the same job; a key, only with the same digest.
Created already_created(const NewJob& wanted, Job found);
/// What record_delivery makes of `stored`; nothing to write when `result` is not done or it was recorded before.
struct DeliveryStep {
    StoreResult result = StoreResult::done;
    std::optional<OutboxEvent> event;
};
DeliveryStep step_delivery(const OutboxEvent& stored, const OutboxEvent& claimed, const DeliveryUpdate& update);

}  // namespace ft
