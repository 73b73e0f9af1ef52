#include "jobs/local/sqlite_job_store.h"

#include <limits>
#include <mutex>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "jobs/clock_watch.h"
#include "jobs/job_json.h"
#include "jobs/local/clock_repair.h"
#include "jobs/local/job_rows.h"
#include "jobs/local/schema.h"

namespace ft {

namespace fs = std::filesystem;
using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

namespace {

/// For this user only: recordings and what was said in them are private.
const fs::path& with_folder(const fs::path& file) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    std::error_code error;
    if (fs::create_directories(folder, error))
        fs::permissions(folder, fs::perms::owner_all, fs::perm_options::replace, error);
    if (error)
        throw Error(code_of_errno(error.value()), "{}: the folder cannot be made: {}; choose another one",
                    folder.string(), error.message());
    return file;
}

}  // namespace

/// A writer and a reader, so that whoever asks for a state never waits for a disk's sync.
struct SqliteJobStore::Connections {
    Connections(const fs::path& file, int busy_ms)
        : writer(with_folder(file), busy_ms), reader((sqlite::prepare_schema(writer), file), busy_ms) {}

    /// Under write_mutex.
    void set_durability(Durability wanted) {
        if (wanted == durability) return;
        // In WAL mode NORMAL leaves the sync to the next FULL commit or checkpoint; the order of writes is kept.
        writer.run(wanted == Durability::power_loss ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        durability = wanted;
    }

    std::mutex write_mutex, read_mutex;
    Database writer, reader;
    Durability durability = Durability::power_loss;
};

/// What is known about the clock; a jump stays here until its repair is written.
struct SqliteJobStore::Time {
    explicit Time(const Clock& clock) : watch(clock) {}

    std::mutex mutex;
    ClockWatch watch;
    int64_t jump_ms = 0;
};

SqliteJobStore::SqliteJobStore(const fs::path& file, const Clock& clock, const SqliteOptions& options)
    : RecordStore(clock),
      connections_(std::make_unique<Connections>(file, options.busy_ms)),
      time_(std::make_unique<Time>(clock)) {
    repair_times(now_ms(), 0);
}
SqliteJobStore::~SqliteJobStore() = default;

int64_t SqliteJobStore::claim_time_ms() {
    const std::lock_guard lock(time_->mutex);
    const ClockWatch::Look look = time_->watch.look();
    time_->jump_ms += look.jumped_ms;
    if (time_->jump_ms != 0) repair_times(look.wall_ms, time_->jump_ms);
    time_->jump_ms = 0;
    return look.wall_ms;
}

/// jump_ms 0: it is not known whether there was one.
void SqliteJobStore::repair_times(int64_t now_ms, int64_t jump_ms) {
    const std::lock_guard lock(connections_->write_mutex);
    Database& database = connections_->writer;
    connections_->set_durability(Durability::crash);
    Transaction transaction(database);
    const int changed = jump_ms > 0 ? sqlite::repair_after_forward(database, now_ms, jump_ms)
                                    : sqlite::repair_after_back(database, now_ms, jump_ms);
    if (changed > 0) transaction.commit();
    if (changed > 0 || jump_ms != 0)
        spdlog::warn("the clock was set{}: leases and waiting times of {} jobs and messages were put right",
                     jump_ms == 0 ? " back" : fmt::format(" by {} s", jump_ms / 1000), changed);
}

Created SqliteJobStore::create(const NewJob& wanted) {
    check_new_job(wanted);
    const std::lock_guard lock(connections_->write_mutex);
    Database& database = connections_->writer;
    connections_->set_durability(Durability::power_loss);
    Transaction transaction(database);
    std::optional<Job> found;
    if (!wanted.id.empty()) found = sqlite::find_job(database, wanted.id);
    if (!found && !wanted.idempotency_key.empty()) found = sqlite::find_job_by_key(database, wanted.idempotency_key);
    if (found) return already_created(wanted, std::move(*found));
    const Change change = new_job(wanted, wanted.id.empty() ? make_job_id() : wanted.id, now_ms());
    sqlite::write_change(database, change);
    transaction.commit();
    return {Created::Kind::created, change.job};
}

std::optional<Job> SqliteJobStore::get(const std::string& id) {
    const std::lock_guard lock(connections_->read_mutex);
    return sqlite::find_job(connections_->reader, id);
}

JobPage SqliteJobStore::list(const JobFilter& filter) {
    check_filter(filter);
    ListPosition below{std::numeric_limits<int64_t>::max(), ""};
    if (!filter.cursor.empty()) below = parse_cursor(filter.cursor);
    // States go as one bound text: ",queued,dead,".
    std::string states;
    for (const JobState state : filter.states) states += "," + std::string(to_string(state)) + ",";
    const std::lock_guard lock(connections_->read_mutex);
    Statement select(connections_->reader,
                     "SELECT record, id FROM jobs WHERE (created_ms, id) < (?1, ?2) "
                     "AND (?3 = '' OR instr(?3, ',' || state || ',') > 0) "
                     "AND (?4 = '' OR instr(search, ?4) > 0) ORDER BY created_ms DESC, id DESC LIMIT ?5");
    select.bind(1, below.created_ms).bind(2, below.id).bind(3, states).bind(4, fold_for_search(filter.search));
    select.bind(5, int64_t{filter.limit} + 1);
    JobPage page;
    while (select.step()) {
        if (page.jobs.size() == static_cast<size_t>(filter.limit)) {
            page.next = cursor_of(page.jobs.back());
            break;
        }
        page.jobs.push_back(job_from_json(select.text(0), select.text(1)));
    }
    return page;
}

StoreResult SqliteJobStore::change(const std::string& id, Durability durability, const StepFunction& step) {
    const std::lock_guard lock(connections_->write_mutex);
    Database& database = connections_->writer;
    connections_->set_durability(durability);
    Transaction transaction(database);
    const auto job = sqlite::find_job(database, id);
    if (!job) return StoreResult::not_found;
    const Step taken = step(*job);
    if (!taken.change) return taken.result;
    sqlite::write_change(database, *taken.change);
    transaction.commit();
    return taken.result;
}

std::vector<std::string> SqliteJobStore::claimable(int64_t now_ms, int limit) {
    const std::lock_guard lock(connections_->read_mutex);
    Statement select(connections_->reader,
                     "SELECT id FROM jobs WHERE claimable_ms IS NOT NULL AND claimable_ms <= ?1 "
                     "ORDER BY claimable_ms, id LIMIT ?2");
    select.bind(1, now_ms).bind(2, int64_t{limit});
    std::vector<std::string> ids;
    while (select.step()) ids.push_back(select.text(0));
    return ids;
}

std::optional<UsageRow> SqliteJobStore::usage_of(const std::string& job_id) {
    const std::lock_guard lock(connections_->read_mutex);
    Statement select(connections_->reader,
                     "SELECT fence, finished_ms, audio_s, compute_s, model FROM usage WHERE job_id = ?1");
    select.bind(1, job_id);
    if (!select.step()) return std::nullopt;
    return UsageRow{job_id, select.integer(0), select.integer(1), select.real(2), select.real(3), select.text(4)};
}

std::vector<Job> SqliteJobStore::expired(int64_t before_ms, int limit) {
    const std::lock_guard lock(connections_->read_mutex);
    Statement select(connections_->reader,
                     "SELECT record, id FROM jobs WHERE claimable_ms IS NULL AND updated_ms < ?1 "
                     "ORDER BY updated_ms, id LIMIT ?2");
    select.bind(1, before_ms).bind(2, int64_t{limit});
    std::vector<Job> jobs;
    while (select.step()) jobs.push_back(job_from_json(select.text(0), select.text(1)));
    return jobs;
}

StoreResult SqliteJobStore::remove(const std::string& id, int64_t before_ms) {
    const std::lock_guard lock(connections_->write_mutex);
    Database& database = connections_->writer;
    connections_->set_durability(Durability::power_loss);
    Transaction transaction(database);
    const auto job = sqlite::find_job(database, id);
    if (!job) return StoreResult::not_found;
    if (!is_terminal(job->state) || job->updated_ms >= before_ms) return StoreResult::wrong_state;
    Statement(database, "DELETE FROM jobs WHERE id = ?1").bind(1, id).run();
    transaction.commit();
    return StoreResult::done;
}

bool SqliteJobStore::any_event_due(int64_t now_ms) {
    const std::lock_guard lock(connections_->read_mutex);
    Statement select(connections_->reader, "SELECT 1 FROM outbox WHERE state = 'pending' AND due_ms <= ?1 LIMIT 1");
    return select.bind(1, now_ms).step();
}

std::vector<OutboxEvent> SqliteJobStore::claim_events(int limit, int64_t lease_ms, const std::string& job_id) {
    const int64_t now = claim_time_ms();
    // Asked for again and again while there is nothing: that should hold up no writer.
    if (!any_event_due(now)) return {};
    const std::lock_guard lock(connections_->write_mutex);
    Database& database = connections_->writer;
    connections_->set_durability(Durability::crash);
    Transaction transaction(database);
    std::vector<OutboxEvent> due;
    {
        Statement select(database, "SELECT " FT_EVENT_COLUMNS
                                   " FROM outbox WHERE state = 'pending' AND due_ms <= ?1 "
                                   "AND (?2 = '' OR job_id = ?2) ORDER BY due_ms, sequence, id LIMIT ?3");
        select.bind(1, now).bind(2, job_id).bind(3, int64_t{limit});
        while (select.step()) due.push_back(sqlite::read_event(select));
    }
    if (due.empty()) return due;
    for (OutboxEvent& event : due) {
        event.due_ms = now + lease_ms;
        sqlite::update_event(database, event);
    }
    transaction.commit();
    return due;
}

StoreResult SqliteJobStore::record_delivery(const OutboxEvent& event, const DeliveryAttempt& attempt,
                                            const DeliveryUpdate& update) {
    const std::lock_guard lock(connections_->write_mutex);
    Database& database = connections_->writer;
    connections_->set_durability(Durability::power_loss);
    Transaction transaction(database);
    const auto stored = sqlite::find_event(database, event.id);
    if (!stored) return StoreResult::not_found;
    const DeliveryStep step = step_delivery(*stored, event, update);
    if (!step.event) return step.result;
    sqlite::update_event(database, *step.event);
    Statement insert(database,
                     "INSERT INTO deliveries(event_id, at_ms, duration_ms, http_status, note) "
                     "VALUES(?1, ?2, ?3, ?4, ?5)");
    insert.bind(1, event.id).bind(2, attempt.at_ms).bind(3, attempt.duration_ms);
    insert.bind(4, int64_t{attempt.http_status}).bind(5, attempt.note).run();
    if (update.state == EventState::disabled) {
        Statement disable(database, "UPDATE outbox SET state = 'disabled' WHERE job_id = ?1 AND state = 'pending'");
        disable.bind(1, event.job_id).run();
    }
    transaction.commit();
    return step.result;
}

StoreResult SqliteJobStore::replay(const std::string& event_id) {
    const std::lock_guard lock(connections_->write_mutex);
    Database& database = connections_->writer;
    connections_->set_durability(Durability::power_loss);
    Transaction transaction(database);
    auto event = sqlite::find_event(database, event_id);
    if (!event) return StoreResult::not_found;
    event->state = EventState::pending;
    event->attempts = 0;
    event->due_ms = now_ms();
    sqlite::update_event(database, *event);
    transaction.commit();
    return StoreResult::done;
}

std::vector<OutboxEvent> SqliteJobStore::events_of(const std::string& job_id) {
    const std::lock_guard lock(connections_->read_mutex);
    Statement select(connections_->reader,
                     "SELECT " FT_EVENT_COLUMNS " FROM outbox WHERE job_id = ?1 ORDER BY sequence");
    select.bind(1, job_id);
    std::vector<OutboxEvent> events;
    while (select.step()) events.push_back(sqlite::read_event(select));
    return events;
}

std::vector<DeliveryAttempt> SqliteJobStore::deliveries_of(const std::string& event_id) {
    const std::lock_guard lock(connections_->read_mutex);
    Statement select(connections_->reader,
                     "SELECT at_ms, duration_ms, http_status, note FROM deliveries WHERE event_id = ?1 "
                     "ORDER BY number");
    select.bind(1, event_id);
    std::vector<DeliveryAttempt> all;
    while (select.step()) {
        all.push_back({select.integer(0), select.integer(1), static_cast<int>(select.integer(2)), select.text(3)});
    }
    return all;
}

}  // namespace ft
