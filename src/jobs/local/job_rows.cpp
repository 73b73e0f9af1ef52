#include "jobs/local/job_rows.h"

#include "jobs/job_json.h"

namespace ft::sqlite {

std::optional<Job> find_job(Database& database, const std::string& id) {
    Statement select(database, "SELECT record FROM jobs WHERE id = ?1");
    select.bind(1, id);
    if (!select.step()) return std::nullopt;
    return job_from_json(select.text(0), id);
}

std::optional<Job> find_job_by_key(Database& database, const std::string& idempotency_key) {
    Statement select(database, "SELECT record, id FROM jobs WHERE idempotency_key = ?1");
    select.bind(1, idempotency_key);
    if (!select.step()) return std::nullopt;
    return job_from_json(select.text(0), select.text(1));
}

namespace {

void write_job(Database& database, const Job& job) {
    Statement write(database,
                    "INSERT INTO jobs(id, state, created_ms, updated_ms, claimable_ms, fence, idempotency_key, search, "
                    "record) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(id) DO UPDATE SET "
                    "state = ?2, updated_ms = ?4, claimable_ms = ?5, fence = ?6, search = ?8, record = ?9");
    write.bind(1, job.id).bind(2, to_string(job.state)).bind(3, job.created_ms).bind(4, job.updated_ms);
    const auto from_ms = claimable_from_ms(job);
    if (from_ms) write.bind(5, *from_ms);
    write.bind(6, job.fence);
    if (!job.idempotency_key.empty()) write.bind(7, job.idempotency_key);
    write.bind(8, search_text(job)).bind(9, job_to_json(job));
    write.run();
}

void insert_event(Database& database, const OutboxEvent& event) {
    Statement insert(
        database, "INSERT OR IGNORE INTO outbox(" FT_EVENT_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    insert.bind(1, event.id).bind(2, event.job_id).bind(3, to_string(event.state)).bind(4, event.due_ms);
    insert.bind(5, event.created_ms).bind(6, int64_t{event.attempts}).bind(7, event.type).bind(8, event.url);
    insert.bind(9, event.body).bind(10, event.sequence).run();
}

void insert_usage(Database& database, const UsageRow& usage) {
    Statement insert(database,
                     "INSERT OR IGNORE INTO usage(job_id, fence, finished_ms, audio_s, compute_s, model) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    insert.bind(1, usage.job_id).bind(2, usage.fence).bind(3, usage.finished_ms).bind(4, usage.audio_s);
    insert.bind(5, usage.compute_s).bind(6, usage.model).run();
}

}  // namespace

void write_change(Database& database, const Change& change) {
    write_job(database, change.job);
    if (change.event) insert_event(database, *change.event);
    if (change.usage) insert_usage(database, *change.usage);
}

OutboxEvent read_event(const Statement& row) {
    OutboxEvent event;
    event.id = row.text(0);
    event.job_id = row.text(1);
    event.state = parse_event_state(row.text(2));
    event.due_ms = row.integer(3);
    event.created_ms = row.integer(4);
    event.attempts = static_cast<int>(row.integer(5));
    event.type = row.text(6);
    event.url = row.text(7);
    event.body = row.text(8);
    event.sequence = row.integer(9);
    return event;
}

std::optional<OutboxEvent> find_event(Database& database, const std::string& id) {
    Statement select(database, "SELECT " FT_EVENT_COLUMNS " FROM outbox WHERE id = ?1");
    select.bind(1, id);
    if (!select.step()) return std::nullopt;
    return read_event(select);
}

void update_event(Database& database, const OutboxEvent& event) {
    Statement update(database, "UPDATE outbox SET state = ?2, due_ms = ?3, attempts = ?4 WHERE id = ?1");
    update.bind(1, event.id).bind(2, to_string(event.state)).bind(3, event.due_ms);
    update.bind(4, int64_t{event.attempts}).run();
}

}  // namespace ft::sqlite
