#pragma once
// Rows of the tables jobs, outbox and usage ↔ our records. Callers hold the connection and, to write, a transaction.
#include <optional>
#include <string>

#include "jobs/local/sqlite.h"
#include "jobs/transitions.h"

namespace ft::sqlite {

std::optional<Job> find_job(Database& database, const std::string& id);
std::optional<Job> find_job_by_key(Database& database, const std::string& idempotency_key);
/// Inserts or replaces the record, and inserts the rows that go with it unless they are there.
void write_change(Database& database, const Change& change);

/// In the order of columns that read_event wants.
#define FT_EVENT_COLUMNS "id, job_id, state, due_ms, created_ms, attempts, type, url, body, sequence"
OutboxEvent read_event(const Statement& row);
std::optional<OutboxEvent> find_event(Database& database, const std::string& id);
/// state, due_ms and attempts; the rest of an event never changes.
void update_event(Database& database, const OutboxEvent& event);

}  // namespace ft::sqlite
