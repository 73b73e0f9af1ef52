#include "jobs/aws/dynamo_job_store.h"

#include <limits>

#include "base/error.h"
#include "jobs/aws/dynamo_parts.h"
#include "jobs/aws/table_layout.h"

namespace ft {

using aws::Item;
using aws::TransactWrite;

namespace {

// A record grows with its timeline and its errors; what is accepted must still fit then.
constexpr size_t largest_new_job = size_t{300} << 10;

/// (since when, id) of rows in one of these states, the longest waiting first.
std::vector<std::pair<int64_t, Item>> due_first(dynamo::JobTable& table, std::initializer_list<JobState> states,
                                                int64_t until_ms, int limit) {
    std::vector<std::pair<int64_t, Item>> all;
    for (const JobState state : states) {
        int found = 0;
        table.due(std::string(to_string(state)), until_ms, limit, [&](const Item& item) {
            all.emplace_back(item.at(dynamo::due_column).integer(), item);
            return ++found < limit;
        });
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        const auto id = [](const Item& item) { return item.at(dynamo::job_id_column).text(); };
        return std::pair(a.first, id(a.second)) < std::pair(b.first, id(b.second));
    });
    if (all.size() > static_cast<size_t>(limit)) all.resize(static_cast<size_t>(limit));
    return all;
}

/// What grows in a record are the notes of its timeline: they go before the job cannot be written any more.
Job fitting(Job job) {
    if (dynamo::bytes_of(dynamo::item_of(job, {})) <= dynamo::largest_item) return job;
    for (TimelineEntry& entry : job.timeline) entry.note.clear();
    return job;
}

/// Conditions that hold for the jobs that the filter wants.
aws::QueryItems conditions_of(const JobFilter& filter) {
    aws::QueryItems query;
    std::string states;
    for (size_t i = 0; i < filter.states.size(); ++i) {
        const std::string name = fmt::format(":state{}", i);
        states += (i > 0 ? ", " : "") + name;
        query.values[name] = std::string(to_string(filter.states[i]));
    }
    if (!states.empty()) {
        query.filter = "#state IN (" + states + ")";
        query.names["#state"] = dynamo::state_column;
    }
    if (!filter.search.empty()) {
        query.filter += (states.empty() ? "" : " AND ") + std::string("contains(#search, :search)");
        query.names["#search"] = "search";
        query.values[":search"] = fold_for_search(filter.search);
    }
    // With conditions nobody knows how many rows a page needs: then DynamoDB's megabytes are the pages.
    if (query.filter.empty()) query.limit = filter.limit + 1;
    return query;
}

}  // namespace

DynamoJobStore::DynamoJobStore(std::shared_ptr<aws::Session> session, const Clock& clock, const DynamoOptions& options)
    : RecordStore(clock),
      parts_(new Parts{{std::move(session), options.table}, int64_t{options.keep_days} * 24 * 3600}) {}
DynamoJobStore::~DynamoJobStore() = default;

void DynamoJobStore::prepare() {
    parts_->table.prepare();
}

bool DynamoJobStore::Parts::write_change(const std::vector<TransactWrite>& writes, const Change& change) {
    bool with_event = change.event.has_value(), with_usage = change.usage.has_value();
    for (;;) {
        std::vector<TransactWrite> all = writes;
        // A token is for one content only.
        all.front().item[dynamo::token_column] = table.new_token();
        const size_t event_at = all.size();
        if (with_event) all.push_back(dynamo::put_new(dynamo::item_of(*change.event, 0, writing())));
        const size_t usage_at = all.size();
        if (with_usage) all.push_back(dynamo::put_new(dynamo::item_of(*change.usage)));
        const auto refused = table.write(std::move(all));
        if (refused.empty()) return true;
        if (refused.front() < writes.size()) return false;
        // The row is there already: it stays as it is, and the rest is written.
        if (with_usage && is_refused(refused, usage_at)) with_usage = false;
        if (with_event && is_refused(refused, event_at)) with_event = false;
    }
}

Created DynamoJobStore::create(const NewJob& wanted) {
    check_new_job(wanted);
    const std::string id = wanted.id.empty() ? make_job_id() : wanted.id;
    const std::string& key = wanted.idempotency_key;
    for (int round = 1;; ++round) {
        if (!wanted.id.empty()) {
            if (auto found = get(id)) return already_created(wanted, std::move(*found));
        }
        const auto held = key.empty() ? std::nullopt : parts_->table.get(dynamo::key_holder(key), dynamo::key_row);
        if (held) {
            if (auto found = get(dynamo::holder_of(*held))) return already_created(wanted, std::move(*found));
        }
        const Change change = new_job(wanted, id, now_ms());
        std::vector<TransactWrite> writes{dynamo::put_new(dynamo::item_of(change.job, parts_->writing()))};
        dynamo::check_size(writes.front().item, largest_new_job);
        if (!key.empty()) {
            Item holder = dynamo::key_item(change.job, parts_->writing());
            // DynamoDB may have removed an old job before its key.
            writes.push_back(held ? dynamo::put_over(std::move(holder), dynamo::token_of(*held))
                                  : dynamo::put_new(std::move(holder)));
        }
        if (parts_->write_change(writes, change)) return {Created::Kind::created, change.job};
        parts_->table.wait_for_turn(round);
    }
}

std::optional<Job> DynamoJobStore::get(const std::string& id) {
    if (!is_job_id(id)) return std::nullopt;
    const auto item = parts_->table.get(id, dynamo::job_row);
    return item ? std::optional(dynamo::job_of(*item)) : std::nullopt;
}

JobPage DynamoJobStore::list(const JobFilter& filter) {
    check_filter(filter);
    std::string below;
    if (!filter.cursor.empty()) {
        const ListPosition position = parse_cursor(filter.cursor);
        below = dynamo::listed_at(position.created_ms, position.id);
    }
    JobPage page;
    parts_->table.listed(dynamo::job_row, below, conditions_of(filter), [&](const Item& item) {
        const bool full = page.jobs.size() == static_cast<size_t>(filter.limit);
        if (full)
            page.next = cursor_of(page.jobs.back());
        else
            page.jobs.push_back(dynamo::job_of(item));
        return !full;
    });
    return page;
}

StoreResult DynamoJobStore::change(const std::string& id, Durability, const StepFunction& step) {
    if (!is_job_id(id)) return StoreResult::not_found;
    for (int round = 1;; ++round) {
        const auto read = parts_->table.get(id, dynamo::job_row);
        if (!read) return StoreResult::not_found;
        const Step taken = step(dynamo::job_of(*read));
        if (!taken.change) return taken.result;
        Item item = dynamo::item_of(fitting(taken.change->job), parts_->writing());
        if (parts_->write_change({dynamo::put_over(std::move(item), dynamo::token_of(*read))}, *taken.change))
            return taken.result;
        parts_->table.wait_for_turn(round);
    }
}

std::vector<std::string> DynamoJobStore::claimable(int64_t now_ms, int limit) {
    const auto states = {JobState::queued, JobState::retry_wait, JobState::launching, JobState::running};
    std::vector<std::string> ids;
    for (const auto& [due_ms, item] : due_first(parts_->table, states, now_ms + 1, limit))
        ids.push_back(item.at(dynamo::job_id_column).text());
    return ids;
}

std::optional<UsageRow> DynamoJobStore::usage_of(const std::string& job_id) {
    if (!is_job_id(job_id)) return std::nullopt;
    const auto item = parts_->table.get(job_id, dynamo::usage_row);
    return item ? std::optional(dynamo::usage_of(*item)) : std::nullopt;
}

std::vector<Job> DynamoJobStore::expired(int64_t before_ms, int limit) {
    const auto states = {JobState::succeeded, JobState::failed, JobState::dead, JobState::cancelled};
    std::vector<Job> jobs;
    for (const auto& [changed_ms, item] : due_first(parts_->table, states, before_ms, limit))
        jobs.push_back(dynamo::job_of(item));
    return jobs;
}

std::vector<Job> DynamoJobStore::unfinished(int limit) {
    const auto states = {JobState::queued, JobState::launching, JobState::running, JobState::retry_wait};
    std::vector<Job> jobs;
    for (const auto& [due_ms, item] : due_first(parts_->table, states, std::numeric_limits<int64_t>::max(), limit))
        jobs.push_back(dynamo::job_of(item));
    return jobs;
}

StoreResult DynamoJobStore::remove(const std::string& id, int64_t before_ms) {
    if (!is_job_id(id)) return StoreResult::not_found;
    for (int round = 1;; ++round) {
        const auto read = parts_->table.get(id, dynamo::job_row);
        if (!read) return StoreResult::not_found;
        const Job job = dynamo::job_of(*read);
        if (!is_terminal(job.state) || job.updated_ms >= before_ms) return StoreResult::wrong_state;
        std::vector<TransactWrite> writes{dynamo::remove_over(id, dynamo::job_row, dynamo::token_of(*read))};
        if (!job.idempotency_key.empty())
            writes.push_back(dynamo::remove_row(dynamo::key_holder(job.idempotency_key), dynamo::key_row));
        for (const char* kind : {dynamo::event_rows, dynamo::delivery_rows}) {
            for (const Item& row : parts_->table.rows(id, kind))
                writes.push_back(dynamo::remove_row(id, row.at(dynamo::row_column).text()));
        }
        // Lines of a very long log go first; what is left goes with the record, or stays with it.
        for (; writes.size() > dynamo::JobTable::most_writes; writes.pop_back()) parts_->table.write({writes.back()});
        if (parts_->table.write(writes).empty()) return StoreResult::done;
        parts_->table.wait_for_turn(round);
    }
}

}  // namespace ft
