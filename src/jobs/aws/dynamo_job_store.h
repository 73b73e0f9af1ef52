#pragma once
// Jobs in one table of DynamoDB, for any number of machines.
#include <memory>
#include <string>

#include "aws/session.h"
#include "jobs/record_store.h"

namespace ft {

struct DynamoOptions {
    std::string table = "transcription-jobs";
    int keep_days = 90;  ///< after its end DynamoDB removes a job's rows, but for its usage row; 0: never
};

/// Every write is durable when it returns. list, expired, claim without an id, claim_events without an id, replay and
/// deliveries_of find their rows through indexes, which are some moments behind; what they then write is checked
/// against the rows themselves. A job whose texts do not fit into a row is refused with Error{invalid_argument}.
class DynamoJobStore : public RecordStore {
  public:
    /// Asks nothing of AWS yet. `clock` must outlive the store.
    DynamoJobStore(std::shared_ptr<aws::Session> session, const Clock& clock, const DynamoOptions& options = {});
    ~DynamoJobStore() override;

    /// Makes the table when it is missing and turns on what it should have (dynamo::prepare_table). Other calls make a
    /// missing table, too, but do not look at one that is there.
    void prepare();

    Created create(const NewJob& job) override;
    std::optional<Job> get(const std::string& id) override;
    JobPage list(const JobFilter& filter) override;
    std::vector<Job> unfinished(int limit) override;
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
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace ft
