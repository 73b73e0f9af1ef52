#pragma once
// Jobs in memory: for tests, and the model of what the other stores must do.
#include <map>
#include <mutex>

#include "jobs/record_store.h"

namespace ft {

class MemoryJobStore : public RecordStore {
  public:
    /// `clock` must outlive it.
    explicit MemoryJobStore(const Clock& clock) : RecordStore(clock) {}

    Created create(const NewJob& job) override;
    std::optional<Job> get(const std::string& id) override;
    JobPage list(const JobFilter& filter) override;
    std::vector<OutboxEvent> claim_events(int limit, int64_t lease_ms, const std::string& job_id) override;
    StoreResult record_delivery(const OutboxEvent& event, const DeliveryAttempt& attempt,
                                const DeliveryUpdate& update) override;
    StoreResult replay(const std::string& event_id) override;
    std::vector<OutboxEvent> events_of(const std::string& job_id) override;
    std::vector<DeliveryAttempt> deliveries_of(const std::string& event_id) override;
    std::optional<UsageRow> usage_of(const std::string& job_id) override;
    std::vector<Job> expired(int64_t before_ms, int limit) override;
    StoreResult remove(const std::string& id, int64_t before_ms) override;

  protected:
    StoreResult change(const std::string& id, Durability durability, const StepFunction& step) override;
    std::vector<std::string> claimable(int64_t now_ms, int limit) override;

  private:
    void write(const Change& change);

    std::mutex mutex_;
    std::map<std::string, Job> jobs_;
    std::map<std::string, OutboxEvent> events_;
    std::map<std::string, std::vector<DeliveryAttempt>> deliveries_;
    std::map<std::string, UsageRow> usage_;
};

}  // namespace ft
