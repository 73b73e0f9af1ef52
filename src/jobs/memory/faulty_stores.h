#pragma once
// Any implementation of the seam with fault switches in front of it.
#include "jobs/job_store.h"
#include "jobs/memory/faults.h"
#include "jobs/notifier.h"
#include "jobs/object_store.h"

namespace ft {

/// What it is made of must outlive it; so for all three.
class FaultyJobStore : public JobStore {
  public:
    FaultyJobStore(JobStore& inner, Faults& faults) : inner_(inner), faults_(faults) {}

    Created create(const NewJob& job) override;
    std::optional<Job> get(const std::string& id) override;
    JobPage list(const JobFilter& filter) override;
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
    std::vector<OutboxEvent> claim_events(int limit, int64_t lease_ms, const std::string& job_id) override;
    StoreResult record_delivery(const OutboxEvent& event, const DeliveryAttempt& attempt,
                                const DeliveryUpdate& update) override;
    StoreResult replay(const std::string& event_id) override;
    std::vector<OutboxEvent> events_of(const std::string& job_id) override;
    std::vector<DeliveryAttempt> deliveries_of(const std::string& event_id) override;
    std::optional<UsageRow> usage_of(const std::string& job_id) override;
    std::vector<Job> expired(int64_t before_ms, int limit) override;
    StoreResult remove(const std::string& id, int64_t before_ms) override;

  private:
    JobStore& inner_;
    Faults& faults_;
};

/// What is written has its faults at commit().
class FaultyObjectStore : public ObjectStore {
  public:
    FaultyObjectStore(ObjectStore& inner, Faults& faults) : inner_(inner), faults_(faults) {}

    std::unique_ptr<ObjectWriter> create(const std::string& key) override;
    std::optional<ObjectInfo> stat(const std::string& key) override;
    std::string read(const std::string& key, int64_t offset, int64_t length) override;
    std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after, int limit) override;
    void remove(const std::string& key) override;
    std::unique_ptr<LocalCopy> fetch(const JobInput& input, const std::filesystem::path& scratch) override;

  private:
    ObjectStore& inner_;
    Faults& faults_;
};

class FaultyNotifier : public Notifier {
  public:
    FaultyNotifier(Notifier& inner, Faults& faults) : inner_(inner), faults_(faults) {}
    Delivery deliver(const OutboxEvent& event) override;

  private:
    Notifier& inner_;
    Faults& faults_;
};

}  // namespace ft
