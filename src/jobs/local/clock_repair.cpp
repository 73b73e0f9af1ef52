#include "jobs/local/clock_repair.h"

#include <algorithm>
#include <vector>

#include "jobs/local/job_rows.h"

namespace ft::sqlite {

namespace {

/// What was written so far ahead of now was written by another clock: processes may differ by less.
constexpr int64_t ahead_ms = 60000;
/// No lease is as long.
constexpr int64_t longest_lease_ms = 600000;

/// Ids in the one column that the query gives, for claimable_ms in (?1, ?2] and updated_ms above ?3.
std::vector<std::string> ids(Database& database, const char* sql, int64_t from_ms, int64_t to_ms, int64_t updated_ms) {
    Statement select(database, sql);
    select.bind(1, from_ms).bind(2, to_ms).bind(3, updated_ms);
    std::vector<std::string> all;
    while (select.step()) all.push_back(select.text(0));
    return all;
}

constexpr const char* leased =
    "SELECT id FROM jobs WHERE state = 'running' AND claimable_ms > ?1 AND claimable_ms <= ?2 AND updated_ms > ?3";
constexpr const char* waiting =
    "SELECT id FROM jobs WHERE state IN ('queued', 'retry_wait') AND claimable_ms > ?1 AND claimable_ms <= ?2 "
    "AND updated_ms > ?3";
constexpr int64_t ever = INT64_MAX, never = INT64_MIN;

int move_leases(Database& database, const std::vector<std::string>& jobs, int64_t by_ms) {
    for (const std::string& id : jobs) {
        Job job = *find_job(database, id);
        job.lease_until_ms += by_ms;
        write_change(database, {std::move(job), std::nullopt, std::nullopt});
    }
    return static_cast<int>(jobs.size());
}

}  // namespace

int repair_after_forward(Database& database, int64_t now_ms, int64_t jump_ms) {
    return move_leases(database, ids(database, leased, now_ms - jump_ms, now_ms, never), jump_ms);
}

int repair_after_back(Database& database, int64_t now_ms, int64_t jump_ms) {
    int changed = 0;
    if (jump_ms < 0)
        changed += move_leases(database, ids(database, leased, now_ms + longest_lease_ms, ever, never), jump_ms);
    for (const std::string& id : ids(database, waiting, now_ms, ever, now_ms + ahead_ms)) {
        Job job = *find_job(database, id);
        job.not_before_ms = now_ms;
        write_change(database, {std::move(job), std::nullopt, std::nullopt});
        ++changed;
    }
    Statement events(database,
                     "UPDATE outbox SET due_ms = ?1 WHERE state = 'pending' AND due_ms > ?1 AND (created_ms > ?2 OR "
                     "EXISTS(SELECT 1 FROM deliveries WHERE event_id = outbox.id AND at_ms > ?2))");
    events.bind(1, now_ms).bind(2, now_ms + ahead_ms).run();
    return changed + static_cast<int>(database.changed_rows());
}

}  // namespace ft::sqlite
