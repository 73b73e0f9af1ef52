#pragma once
// Our records ↔ rows of the table of jobs (docs/jobs.md, "The table on AWS").
#include <optional>
#include <string>

#include "aws/attribute_value.h"
#include "jobs/events.h"
#include "jobs/job.h"
#include "jobs/transitions.h"

namespace ft::dynamo {

inline constexpr const char* job_row = "job";
inline constexpr const char* usage_row = "usage";
inline constexpr const char* key_row = "key";
inline constexpr const char* event_rows = "event#";        ///< and the event's id
inline constexpr const char* delivery_rows = "delivery#";  ///< and the event's id, '#', and a number

/// How rows are written.
struct Writing {
    /// New with every write: rows are replaced only while they have the token that was read, and a writer whose answer
    /// was lost knows its own row again.
    std::string token;
    int64_t keep_s = 0;  ///< how long the rows of a finished job, events and keys stay; 0: for ever
};

aws::Item key_of(const std::string& job_id, const std::string& row);
const std::string& token_of(const aws::Item& item);

aws::Item item_of(const Job& job, const Writing& writing);
Job job_of(const aws::Item& item);

/// `deliveries`: lines in the event's log so far.
aws::Item item_of(const OutboxEvent& event, int64_t deliveries, const Writing& writing);
OutboxEvent event_of(const aws::Item& item);
int64_t deliveries_of(const aws::Item& event);

aws::Item item_of(const OutboxEvent& event, const DeliveryAttempt& attempt, int64_t number, int64_t keep_s);
DeliveryAttempt delivery_of(const aws::Item& item);
/// The beginning of the rows that hold an event's log.
std::string delivery_prefix(const std::string& event_id);

aws::Item item_of(const UsageRow& usage);
UsageRow usage_of(const aws::Item& item);

/// The row that makes an idempotency key unique: whose it is, and its job.
std::string key_holder(const std::string& idempotency_key);
aws::Item key_item(const Job& job, const Writing& writing);
std::string holder_of(const aws::Item& key);

/// The place of a job in lists: grows with the time of its making, then the id.
std::string listed_at(int64_t created_ms, const std::string& id);

inline constexpr size_t largest_item = size_t{400} << 10;
/// What DynamoDB counts: names and values, in bytes.
size_t bytes_of(const aws::Item& item);
/// Throws Error{invalid_argument}, naming the job, when the row has more than `most` bytes.
void check_size(const aws::Item& item, size_t most = largest_item);

}  // namespace ft::dynamo
