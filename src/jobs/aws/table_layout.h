#pragma once
// The table of jobs: its columns, its indexes, and how it comes to be (docs/jobs.md, "The table on AWS").
#include <string>

#include "aws/dynamodb_client.h"

namespace ft::dynamo {

// Columns by which rows are found.
inline constexpr const char* job_id_column = "job_id";  ///< whose row it is; "key:<SHA-256>" for idempotency keys
inline constexpr const char* row_column = "row";        ///< which of its rows
inline constexpr const char* state_column = "state";    ///< with due_ms: what is to be done, and since when
inline constexpr const char* due_column = "due_ms";
inline constexpr const char* listed_as_column = "listed_as";  ///< "job", or an event's id
inline constexpr const char* listed_at_column = "listed_at";
inline constexpr const char* token_column = "token";  ///< of the write that made the row what it is
inline constexpr const char* ttl_column = "ttl";      ///< seconds since 1970, when DynamoDB may remove the row

inline constexpr const char* by_state_index = "by-state";  ///< (state, due_ms): claim, reaper, outbox, retention
inline constexpr const char* by_list_index = "by-list";    ///< (listed_as, listed_at): lists of jobs, events by id

aws::TableLayout table_layout(const std::string& table);

/// Makes the table when it is missing, waits until it can be used, and turns on what is not: removal by `ttl`,
/// point-in-time recovery. May be called by any number of processes at once and at any time. Throws AwsError;
/// Error{invalid_argument} when a table of that name has other keys or indexes; Error{network} when it is not ready
/// within minutes.
void prepare_table(aws::DynamoDbClient& client, const aws::Surroundings& surroundings, const std::string& table);

}  // namespace ft::dynamo
