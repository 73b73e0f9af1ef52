#include "jobs/record_store.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/error.h"
#include "base/utf8.h"

namespace ft {

namespace {
constexpr int candidates = 8;
constexpr int most_rounds = 50;
constexpr int longest_page = 1000;
}  // namespace

std::vector<Job> RecordStore::unfinished(int limit) {
    JobFilter filter;
    for (const JobState state : all_job_states) {
        if (!is_terminal(state)) filter.states.push_back(state);
    }
    std::vector<Job> all;
    while (all.size() < static_cast<size_t>(std::max(limit, 0))) {
        filter.limit = std::min(longest_page, limit - static_cast<int>(all.size()));
        JobPage page = list(filter);
        std::move(page.jobs.begin(), page.jobs.end(), std::back_inserter(all));
        if (page.next.empty()) break;
        filter.cursor = page.next;
    }
    return all;
}

StoreResult RecordStore::arrive(const std::string& id, const JobInput& input) {
    return change(id, Durability::power_loss, [&](const Job& job) { return step_arrive(job, input, now_ms()); });
}

StoreResult RecordStore::launch(const std::string& id, const LaunchRequest& request) {
    return change(id, Durability::power_loss, [&](const Job& job) { return step_launch(job, request, now_ms()); });
}

StoreResult RecordStore::launch_failed(const std::string& id, int launch_seq, const RetryDecision& decision) {
    return change(id, Durability::power_loss,
                  [&](const Job& job) { return step_launch_failed(job, launch_seq, decision, now_ms()); });
}

std::optional<Job> RecordStore::claim(const ClaimRequest& request) {
    if (request.owner.empty() || (request.launch_seq >= 0 && request.job_id.empty()))
        throw Error(ErrorCode::internal, "a claim needs an owner, and with a launch_seq the job's id");
    const int64_t now = claim_time_ms();
    std::optional<Job> mine;
    const auto try_one = [&](const std::string& id) {
        change(id, Durability::power_loss, [&](const Job& job) {
            Step step = step_claim(job, request, now);
            mine = step.result == StoreResult::done ? std::optional<Job>(step.change->job) : std::nullopt;
            return step;
        });
        return mine.has_value();
    };
    if (!request.job_id.empty()) {
        try_one(request.job_id);
        return mine;
    }
    // Whoever loses a race for one job goes for the next. A round in vain means that others have got these, or that an
    // index has not heard of it yet; so many in a row, that it is better to ask again later.
    for (int round = 0; round < most_rounds; ++round) {
        const std::vector<std::string> ids = claimable(now, candidates);
        if (ids.empty()) return std::nullopt;
        for (const std::string& id : ids) {
            if (try_one(id)) return mine;
        }
    }
    return std::nullopt;
}

StoreResult RecordStore::renew(const Lease& lease, int64_t lease_ms) {
    return change(lease.job_id, Durability::crash,
                  [&](const Job& job) { return step_renew(job, lease, lease_ms, now_ms()); });
}

StoreResult RecordStore::save_progress(const Lease& lease, const JobProgress& progress) {
    return change(lease.job_id, Durability::crash,
                  [&](const Job& job) { return step_progress(job, lease, progress, now_ms()); });
}

StoreResult RecordStore::commit(const Lease& lease, const JobResult& result) {
    return change(lease.job_id, Durability::power_loss,
                  [&](const Job& job) { return step_commit(job, lease, result, now_ms()); });
}

StoreResult RecordStore::end_attempt(const Lease& lease, const RetryDecision& decision) {
    return change(lease.job_id, Durability::power_loss,
                  [&](const Job& job) { return step_end_attempt(job, lease, decision, now_ms()); });
}

StoreResult RecordStore::release(const Lease& lease) {
    return change(lease.job_id, Durability::power_loss,
                  [&](const Job& job) { return step_release(job, lease, now_ms()); });
}

StoreResult RecordStore::cancel(const std::string& id) {
    return change(id, Durability::power_loss, [&](const Job& job) { return step_cancel(job, now_ms()); });
}

StoreResult RecordStore::redrive(const std::string& id) {
    return change(id, Durability::power_loss, [&](const Job& job) { return step_redrive(job, now_ms()); });
}

std::string cursor_of(const Job& job) {
    return fmt::format("{}.{}", job.created_ms, job.id);
}

ListPosition parse_cursor(std::string_view cursor) {
    const size_t dot = cursor.find('.');
    ListPosition position;
    if (dot != std::string_view::npos) {
        const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + dot, position.created_ms);
        position.id = cursor.substr(dot + 1);
        if (error == std::errc() && end == cursor.data() + dot && is_job_id(position.id)) return position;
    }
    throw Error(ErrorCode::invalid_argument, "'{}' is no page of the list of jobs: begin without a cursor",
                valid_utf8(cursor.substr(0, 100)));
}

void check_filter(const JobFilter& filter) {
    if (filter.limit < 1 || filter.limit > longest_page)
        throw Error(ErrorCode::invalid_argument, "a page has 1 to {} jobs, not {}", longest_page, filter.limit);
    if (!filter.cursor.empty()) parse_cursor(filter.cursor);
}

Created already_created(const NewJob& wanted, Job found) {
    const bool same_key = !wanted.idempotency_key.empty() && found.idempotency_key == wanted.idempotency_key;
    const bool conflict = same_key && found.request_digest != wanted.request_digest;
    return {conflict ? Created::Kind::conflict : Created::Kind::existing, std::move(found)};
}

DeliveryStep step_delivery(const OutboxEvent& stored, const OutboxEvent& claimed, const DeliveryUpdate& update) {
    if (stored.attempts == claimed.attempts + 1 && stored.state == update.state && stored.due_ms == update.due_ms)
        return {};
    const bool mine =
        stored.state == EventState::pending && stored.attempts == claimed.attempts && stored.due_ms == claimed.due_ms;
    if (!mine) return {StoreResult::stale, {}};
    OutboxEvent next = stored;
    ++next.attempts;
    next.state = update.state;
    next.due_ms = update.due_ms;
    return {StoreResult::done, next};
}

}  // namespace ft
