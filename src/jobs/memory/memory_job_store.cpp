#include "jobs/memory/memory_job_store.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"

namespace ft {

namespace {

template <typename T, typename Key>
std::vector<T> sorted_first(std::vector<T> all, int limit, Key key) {
    std::sort(all.begin(), all.end(), [&](const T& a, const T& b) { return key(a) < key(b); });
    if (all.size() > static_cast<size_t>(limit)) all.resize(static_cast<size_t>(limit));
    return all;
}

}  // namespace

void MemoryJobStore::write(const Change& change) {
    jobs_[change.job.id] = change.job;
    if (change.event) events_.emplace(change.event->id, *change.event);
    if (change.usage) usage_.emplace(change.job.id, *change.usage);
}

Created MemoryJobStore::create(const NewJob& wanted) {
    check_new_job(wanted);
    const std::lock_guard lock(mutex_);
    for (const auto& [id, job] : jobs_) {
        const bool same_key = !wanted.idempotency_key.empty() && job.idempotency_key == wanted.idempotency_key;
        if (same_key || id == wanted.id) return already_created(wanted, job);
    }
    const Change change = new_job(wanted, wanted.id.empty() ? make_job_id() : wanted.id, now_ms());
    write(change);
    return {Created::Kind::created, change.job};
}

std::optional<Job> MemoryJobStore::get(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? std::nullopt : std::optional(found->second);
}

JobPage MemoryJobStore::list(const JobFilter& filter) {
    check_filter(filter);
    std::optional<ListPosition> below;
    if (!filter.cursor.empty()) below = parse_cursor(filter.cursor);
    const std::string search = fold_for_search(filter.search);
    const std::lock_guard lock(mutex_);
    std::vector<Job> found;
    for (const auto& [id, job] : jobs_) {
        const bool state = filter.states.empty() || std::count(filter.states.begin(), filter.states.end(), job.state);
        const bool page = !below || std::tie(job.created_ms, id) < std::tie(below->created_ms, below->id);
        if (state && page && search_text(job).find(search) != std::string::npos) found.push_back(job);
    }
    JobPage result;
    std::sort(found.begin(), found.end(),
              [](const Job& a, const Job& b) { return std::tie(a.created_ms, a.id) > std::tie(b.created_ms, b.id); });
    const bool more = found.size() > static_cast<size_t>(filter.limit);
    if (more) found.resize(static_cast<size_t>(filter.limit));
    if (more) result.next = cursor_of(found.back());
    result.jobs = std::move(found);
    return result;
}

StoreResult MemoryJobStore::change(const std::string& id, Durability, const StepFunction& step) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return StoreResult::not_found;
    const Step taken = step(found->second);
    if (taken.change) write(*taken.change);
    return taken.result;
}

std::vector<std::string> MemoryJobStore::claimable(int64_t now_ms, int limit) {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<int64_t, std::string>> due;
    for (const auto& [id, job] : jobs_) {
        const auto from_ms = claimable_from_ms(job);
        if (from_ms && *from_ms <= now_ms) due.emplace_back(*from_ms, id);
    }
    std::vector<std::string> ids;
    for (auto& entry : sorted_first(std::move(due), limit, [](const auto& e) { return e; }))
        ids.push_back(std::move(entry.second));
    return ids;
}

std::vector<OutboxEvent> MemoryJobStore::claim_events(int limit, int64_t lease_ms, const std::string& job_id) {
    const std::lock_guard lock(mutex_);
    const int64_t now = now_ms();
    std::vector<OutboxEvent> due;
    for (const auto& [id, event] : events_) {
        const bool wanted = job_id.empty() || event.job_id == job_id;
        if (wanted && event.state == EventState::pending && event.due_ms <= now) due.push_back(event);
    }
    due = sorted_first(std::move(due), limit,
                       [](const OutboxEvent& e) { return std::tuple(e.due_ms, e.sequence, e.id); });
    for (OutboxEvent& event : due) {
        event.due_ms = now + lease_ms;
        events_[event.id] = event;
    }
    return due;
}

StoreResult MemoryJobStore::record_delivery(const OutboxEvent& event, const DeliveryAttempt& attempt,
                                            const DeliveryUpdate& update) {
    const std::lock_guard lock(mutex_);
    const auto found = events_.find(event.id);
    if (found == events_.end()) return StoreResult::not_found;
    const DeliveryStep step = step_delivery(found->second, event, update);
    if (!step.event) return step.result;
    found->second = *step.event;
    deliveries_[event.id].push_back(attempt);
    if (update.state == EventState::disabled) {
        for (auto& [id, other] : events_) {
            if (other.job_id == event.job_id && other.state == EventState::pending) other.state = EventState::disabled;
        }
    }
    return step.result;
}

StoreResult MemoryJobStore::replay(const std::string& event_id) {
    const std::lock_guard lock(mutex_);
    const auto found = events_.find(event_id);
    if (found == events_.end()) return StoreResult::not_found;
    found->second.state = EventState::pending;
    found->second.attempts = 0;
    found->second.due_ms = now_ms();
    return StoreResult::done;
}

std::vector<OutboxEvent> MemoryJobStore::events_of(const std::string& job_id) {
    const std::lock_guard lock(mutex_);
    std::vector<OutboxEvent> all;
    for (const auto& [id, event] : events_) {
        if (event.job_id == job_id) all.push_back(event);
    }
    return sorted_first(std::move(all), 1 << 30, [](const OutboxEvent& e) { return e.sequence; });
}

std::vector<DeliveryAttempt> MemoryJobStore::deliveries_of(const std::string& event_id) {
    const std::lock_guard lock(mutex_);
    const auto found = deliveries_.find(event_id);
    return found == deliveries_.end() ? std::vector<DeliveryAttempt>() : found->second;
}

std::optional<UsageRow> MemoryJobStore::usage_of(const std::string& job_id) {
    const std::lock_guard lock(mutex_);
    const auto found = usage_.find(job_id);
    return found == usage_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Job> MemoryJobStore::expired(int64_t before_ms, int limit) {
    const std::lock_guard lock(mutex_);
    std::vector<Job> old;
    for (const auto& [id, job] : jobs_) {
        if (is_terminal(job.state) && job.updated_ms < before_ms) old.push_back(job);
    }
    return sorted_first(std::move(old), limit, [](const Job& job) { return std::tuple(job.updated_ms, job.id); });
}

StoreResult MemoryJobStore::remove(const std::string& id, int64_t before_ms) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return StoreResult::not_found;
    if (!is_terminal(found->second.state) || found->second.updated_ms >= before_ms) return StoreResult::wrong_state;
    jobs_.erase(found);
    for (auto event = events_.begin(); event != events_.end();) {
        if (event->second.job_id != id) {
            ++event;
            continue;
        }
        deliveries_.erase(event->first);
        event = events_.erase(event);
    }
    return StoreResult::done;
}

}  // namespace ft
