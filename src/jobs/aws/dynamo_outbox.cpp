// Messages and the log of their deliveries: DynamoJobStore's second half.
#include <tuple>

#include "base/error.h"
#include "jobs/aws/dynamo_parts.h"
#include "jobs/aws/table_layout.h"

namespace ft {

using aws::Item;
using aws::TransactWrite;

namespace {

// What is due is taken in the order of the job's changes; so many are looked at to know it.
constexpr int fewest_looked_at = 25;

struct Due {
    OutboxEvent event;
    Item row;
};

/// The oldest due first; of one moment, in the order of their jobs' changes.
void sort_due(std::vector<Due>& due) {
    std::sort(due.begin(), due.end(), [](const Due& a, const Due& b) {
        return std::tie(a.event.due_ms, a.event.sequence, a.event.id) <
               std::tie(b.event.due_ms, b.event.sequence, b.event.id);
    });
}

constexpr const char* pending_state = "event-pending";
constexpr size_t longest_event_id = 64;

}  // namespace

std::optional<Item> DynamoJobStore::Parts::find_event(const std::string& event_id) {
    std::string job_id;
    if (event_id.empty() || event_id.size() > longest_event_id) return std::nullopt;
    table.listed(event_id, "", {}, [&](const Item& item) {
        job_id = item.at(dynamo::job_id_column).text();
        return false;
    });
    return job_id.empty() ? std::nullopt : table.get(job_id, dynamo::event_rows + event_id);
}

bool DynamoJobStore::Parts::replace_event(const OutboxEvent& event, const Item& read) {
    Item item = dynamo::item_of(event, dynamo::deliveries_of(read), writing());
    return table.write({dynamo::put_over(std::move(item), dynamo::token_of(read))}).empty();
}

std::vector<OutboxEvent> DynamoJobStore::claim_events(int limit, int64_t lease_ms, const std::string& job_id) {
    const int64_t now = now_ms();
    std::vector<Due> due;
    const auto look = [&](const Item& item) {
        OutboxEvent event = dynamo::event_of(item);
        if (event.state == EventState::pending && event.due_ms <= now) due.push_back({std::move(event), item});
    };
    if (is_job_id(job_id)) {
        // From the rows themselves: the worker asks right after it has written its event.
        for (const Item& item : parts_->table.rows(job_id, dynamo::event_rows)) look(item);
    } else if (job_id.empty()) {
        const int page = std::max(limit, fewest_looked_at);
        parts_->table.due(pending_state, now + 1, page, [&](const Item& item) {
            look(item);
            // Twice as many as are wanted: others may take some of them first.
            return due.size() < 2 * static_cast<size_t>(page);
        });
    }
    sort_due(due);
    std::vector<OutboxEvent> taken;
    for (Due& next : due) {
        if (taken.size() == static_cast<size_t>(limit)) break;
        next.event.due_ms = now + lease_ms;
        if (parts_->replace_event(next.event, next.row)) taken.push_back(std::move(next.event));
    }
    return taken;
}

void DynamoJobStore::Parts::disable_others(const OutboxEvent& event) {
    for (const Item& item : table.rows(event.job_id, dynamo::event_rows)) {
        OutboxEvent other = dynamo::event_of(item);
        if (other.id == event.id || other.state != EventState::pending) continue;
        other.state = EventState::disabled;
        // One that is being tried meanwhile hears the same from the receiver.
        replace_event(other, item);
    }
}

StoreResult DynamoJobStore::record_delivery(const OutboxEvent& event, const DeliveryAttempt& attempt,
                                            const DeliveryUpdate& update) {
    if (!is_job_id(event.job_id) || event.id.size() > longest_event_id) return StoreResult::not_found;
    for (int round = 1;; ++round) {
        const auto read = parts_->table.get(event.job_id, dynamo::event_rows + event.id);
        if (!read) return StoreResult::not_found;
        const DeliveryStep step = step_delivery(dynamo::event_of(*read), event, update);
        if (!step.event) return step.result;
        // Before this one is settled, so that whoever dies in between leaves it to be tried again.
        if (update.state == EventState::disabled) parts_->disable_others(event);
        const int64_t number = dynamo::deliveries_of(*read) + 1;
        Item next = dynamo::item_of(*step.event, number, parts_->writing());
        const std::vector<TransactWrite> writes{
            dynamo::put_over(std::move(next), dynamo::token_of(*read)),
            dynamo::put_new(dynamo::item_of(event, attempt, number, parts_->keep_s))};
        if (parts_->table.write(writes).empty()) return step.result;
        parts_->table.wait_for_turn(round);
    }
}

StoreResult DynamoJobStore::replay(const std::string& event_id) {
    for (int round = 1;; ++round) {
        const auto read = parts_->find_event(event_id);
        if (!read) return StoreResult::not_found;
        OutboxEvent event = dynamo::event_of(*read);
        event.state = EventState::pending;
        event.attempts = 0;
        event.due_ms = now_ms();
        if (parts_->replace_event(event, *read)) return StoreResult::done;
        parts_->table.wait_for_turn(round);
    }
}

std::vector<OutboxEvent> DynamoJobStore::events_of(const std::string& job_id) {
    std::vector<OutboxEvent> events;
    if (!is_job_id(job_id)) return events;
    for (const Item& item : parts_->table.rows(job_id, dynamo::event_rows)) events.push_back(dynamo::event_of(item));
    std::sort(events.begin(), events.end(),
              [](const OutboxEvent& a, const OutboxEvent& b) { return a.sequence < b.sequence; });
    return events;
}

std::vector<DeliveryAttempt> DynamoJobStore::deliveries_of(const std::string& event_id) {
    std::vector<DeliveryAttempt> all;
    const auto event = parts_->find_event(event_id);
    if (!event) return all;
    const std::string job_id = event->at(dynamo::job_id_column).text();
    for (const Item& item : parts_->table.rows(job_id, dynamo::delivery_prefix(event_id)))
        all.push_back(dynamo::delivery_of(item));
    return all;
}

}  // namespace ft
