#include "jobs/memory/faulty_stores.h"

namespace ft {

Created FaultyJobStore::create(const NewJob& job) {
    return faults_.around("create", [&] { return inner_.create(job); });
}

std::optional<Job> FaultyJobStore::get(const std::string& id) {
    return faults_.around("get", [&] { return inner_.get(id); });
}

JobPage FaultyJobStore::list(const JobFilter& filter) {
    return faults_.around("list", [&] { return inner_.list(filter); });
}

std::vector<Job> FaultyJobStore::unfinished(int limit) {
    return faults_.around("unfinished", [&] { return inner_.unfinished(limit); });
}

StoreResult FaultyJobStore::arrive(const std::string& id, const JobInput& input) {
    return faults_.around("arrive", [&] { return inner_.arrive(id, input); });
}

StoreResult FaultyJobStore::launch(const std::string& id, const LaunchRequest& request) {
    return faults_.around("launch", [&] { return inner_.launch(id, request); });
}

StoreResult FaultyJobStore::launch_failed(const std::string& id, int launch_seq, const RetryDecision& decision) {
    return faults_.around("launch_failed", [&] { return inner_.launch_failed(id, launch_seq, decision); });
}

std::optional<Job> FaultyJobStore::claim(const ClaimRequest& request) {
    return faults_.around("claim", [&] { return inner_.claim(request); });
}

StoreResult FaultyJobStore::renew(const Lease& lease, int64_t lease_ms) {
    return faults_.around("renew", [&] { return inner_.renew(lease, lease_ms); });
}

StoreResult FaultyJobStore::save_progress(const Lease& lease, const JobProgress& progress) {
    return faults_.around("save_progress", [&] { return inner_.save_progress(lease, progress); });
}

StoreResult FaultyJobStore::commit(const Lease& lease, const JobResult& result) {
    return faults_.around("commit", [&] { return inner_.commit(lease, result); });
}

StoreResult FaultyJobStore::end_attempt(const Lease& lease, const RetryDecision& decision) {
    return faults_.around("end_attempt", [&] { return inner_.end_attempt(lease, decision); });
}

StoreResult FaultyJobStore::release(const Lease& lease) {
    return faults_.around("release", [&] { return inner_.release(lease); });
}

StoreResult FaultyJobStore::cancel(const std::string& id) {
    return faults_.around("cancel", [&] { return inner_.cancel(id); });
}

StoreResult FaultyJobStore::redrive(const std::string& id) {
    return faults_.around("redrive", [&] { return inner_.redrive(id); });
}

std::vector<OutboxEvent> FaultyJobStore::claim_events(int limit, int64_t lease_ms, const std::string& job_id) {
    return faults_.around("claim_events", [&] { return inner_.claim_events(limit, lease_ms, job_id); });
}

StoreResult FaultyJobStore::record_delivery(const OutboxEvent& event, const DeliveryAttempt& attempt,
                                            const DeliveryUpdate& update) {
    return faults_.around("record_delivery", [&] { return inner_.record_delivery(event, attempt, update); });
}

StoreResult FaultyJobStore::replay(const std::string& event_id) {
    return faults_.around("replay", [&] { return inner_.replay(event_id); });
}

std::vector<OutboxEvent> FaultyJobStore::events_of(const std::string& job_id) {
    return faults_.around("events_of", [&] { return inner_.events_of(job_id); });
}

std::vector<DeliveryAttempt> FaultyJobStore::deliveries_of(const std::string& event_id) {
    return faults_.around("deliveries_of", [&] { return inner_.deliveries_of(event_id); });
}

std::optional<UsageRow> FaultyJobStore::usage_of(const std::string& job_id) {
    return faults_.around("usage_of", [&] { return inner_.usage_of(job_id); });
}

std::vector<Job> FaultyJobStore::expired(int64_t before_ms, int limit) {
    return faults_.around("expired", [&] { return inner_.expired(before_ms, limit); });
}

StoreResult FaultyJobStore::remove(const std::string& id, int64_t before_ms) {
    return faults_.around("remove", [&] { return inner_.remove(id, before_ms); });
}

namespace {

class FaultyWriter : public ObjectWriter {
  public:
    FaultyWriter(std::unique_ptr<ObjectWriter> inner, Faults& faults) : inner_(std::move(inner)), faults_(faults) {}
    void append(std::span<const std::byte> bytes) override { inner_->append(bytes); }
    ObjectInfo commit() override {
        return faults_.around("put", [&] { return inner_->commit(); });
    }

  private:
    std::unique_ptr<ObjectWriter> inner_;
    Faults& faults_;
};

}  // namespace

std::unique_ptr<ObjectWriter> FaultyObjectStore::create(const std::string& key) {
    return std::make_unique<FaultyWriter>(inner_.create(key), faults_);
}

std::optional<ObjectInfo> FaultyObjectStore::stat(const std::string& key) {
    return faults_.around("stat", [&] { return inner_.stat(key); });
}

std::string FaultyObjectStore::read(const std::string& key, int64_t offset, int64_t length) {
    return faults_.around("read", [&] { return inner_.read(key, offset, length); });
}

std::vector<ObjectInfo> FaultyObjectStore::list(const std::string& prefix, const std::string& after, int limit) {
    return faults_.around("list objects", [&] { return inner_.list(prefix, after, limit); });
}

void FaultyObjectStore::remove(const std::string& key) {
    faults_.around("remove object", [&] { inner_.remove(key); });
}

std::unique_ptr<LocalCopy> FaultyObjectStore::fetch(const JobInput& input, const std::filesystem::path& scratch) {
    return faults_.around("fetch", [&] { return inner_.fetch(input, scratch); });
}

Delivery FaultyNotifier::deliver(const OutboxEvent& event) {
    return faults_.around("deliver", [&] { return inner_.deliver(event); });
}

}  // namespace ft
