#pragma once
// Jobs in one SQLite file, for any number of threads and processes of one machine.
#include <filesystem>
#include <memory>

#include "jobs/record_store.h"

namespace ft {

struct SqliteOptions {
    int busy_ms = 10000;  ///< how long a call waits for other processes
};

/// WAL mode; a write that a client waits for is synced before it returns. Reading does not wait for writing.
class SqliteJobStore : public RecordStore {
  public:
    /// Makes the folder (for this user only) and the file; checks it and brings its tables up to date. `clock` must
    /// outlive the store. Throws Error{permission, io, unsupported, invalid_argument}.
    SqliteJobStore(const std::filesystem::path& file, const Clock& clock, const SqliteOptions& options = {});
    ~SqliteJobStore() override;

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
    /// Repairs the store's times when the clock was set; throws as claim() when that cannot be written.
    int64_t claim_time_ms() override;

  private:
    void repair_times(int64_t now_ms, int64_t jump_ms);
    bool any_event_due(int64_t now_ms);

    struct Connections;
    struct Time;
    std::unique_ptr<Connections> connections_;
    std::unique_ptr<Time> time_;
};

}  // namespace ft
