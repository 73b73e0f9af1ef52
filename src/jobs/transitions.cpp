#include "jobs/transitions.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace ft {

namespace {

struct Row {
    JobState from;
    JobEvent event;
    JobState to;
};

// As in docs/jobs.md. `claim` and `launch` of running and launching need a lease that has run out.
constexpr Row table[] = {
    {JobState::queued, JobEvent::launch, JobState::launching},
    {JobState::queued, JobEvent::claim, JobState::running},
    {JobState::queued, JobEvent::give_up, JobState::dead},
    {JobState::queued, JobEvent::cancel, JobState::cancelled},
    {JobState::retry_wait, JobEvent::launch, JobState::launching},
    {JobState::retry_wait, JobEvent::claim, JobState::running},
    {JobState::retry_wait, JobEvent::give_up, JobState::dead},
    {JobState::retry_wait, JobEvent::cancel, JobState::cancelled},
    {JobState::launching, JobEvent::claim, JobState::running},
    {JobState::launching, JobEvent::launch, JobState::launching},
    {JobState::launching, JobEvent::retry, JobState::retry_wait},
    {JobState::launching, JobEvent::fail, JobState::failed},
    {JobState::launching, JobEvent::give_up, JobState::dead},
    {JobState::launching, JobEvent::cancel, JobState::cancelled},
    {JobState::running, JobEvent::launch, JobState::launching},
    {JobState::running, JobEvent::claim, JobState::running},
    {JobState::running, JobEvent::succeed, JobState::succeeded},
    {JobState::running, JobEvent::retry, JobState::retry_wait},
    {JobState::running, JobEvent::fail, JobState::failed},
    {JobState::running, JobEvent::give_up, JobState::dead},
    {JobState::running, JobEvent::release, JobState::queued},
    {JobState::running, JobEvent::cancel, JobState::cancelled},
    {JobState::failed, JobEvent::redrive, JobState::queued},
    {JobState::dead, JobEvent::redrive, JobState::queued},
    {JobState::cancelled, JobEvent::redrive, JobState::queued},
};

/// The record in its new state, with a line in the timeline.
Job moved(const Job& job, JobEvent event, int64_t now_ms, std::string note = {}) {
    const auto to = next_state(job.state, event);
    if (!to) throw Error(ErrorCode::internal, "the job {} cannot leave the state {} so", job.id, to_string(job.state));
    Job next = job;
    next.state = *to;
    next.updated_ms = now_ms;
    // The first lines tell where it came from, the last what happens now.
    if (next.timeline.size() >= max_timeline) next.timeline.erase(next.timeline.begin() + max_timeline / 4);
    next.timeline.push_back({now_ms, *to, std::move(note)});
    return next;
}

/// Counted in the record, so that messages of one millisecond have an order, too.
std::optional<OutboxEvent> numbered_event(Job& job, std::string_view type, int64_t now_ms) {
    auto event = make_event(job, type, now_ms);
    if (event) event->sequence = ++job.events;
    return event;
}

Step changed(Job job, std::string_view type, int64_t now_ms, StoreResult result = StoreResult::done) {
    auto event = type.empty() ? std::nullopt : numbered_event(job, type, now_ms);
    return {result, Change{std::move(job), std::move(event), std::nullopt}};
}

Step dead(const Job& job, JobError error, int64_t now_ms) {
    Job next = moved(job, JobEvent::give_up, now_ms, error_for_clients(error).message);
    next.error = std::move(error);
    // Whoever still works on it must not write.
    ++next.fence;
    return changed(std::move(next), event_dead, now_ms, StoreResult::wrong_state);
}

Step worker_lost(const Job& job, int64_t now_ms) {
    return dead(job, {"worker_lost", fmt::format("its worker has gone {} times", job.crashes + 1)}, now_ms);
}

Step no_capacity(const Job& job, int64_t now_ms) {
    return dead(job, {"no_capacity", fmt::format("{} machines were asked for and none came", job.launch_seq)}, now_ms);
}

bool is_late(const Job& job, int64_t now_ms) {
    return job.deadline_ms > 0 && now_ms >= job.deadline_ms;
}

Step late(const Job& job, int64_t now_ms) {
    return dead(job, {"deadline", "it was not finished by its deadline"}, now_ms);
}

/// What decide_retry said, done. The caller has checked the right to do it.
Step ended(const Job& job, const RetryDecision& decision, int64_t now_ms) {
    const bool retry = decision.state == JobState::retry_wait, failed = decision.state == JobState::failed;
    const JobEvent event = retry ? JobEvent::retry : failed ? JobEvent::fail : JobEvent::give_up;
    // A sentence may quote bytes of a file that are no text.
    const JobError error{valid_utf8(decision.error.code), valid_utf8(decision.error.message)};
    Job next = moved(job, event, now_ms, error_for_clients(error).message);
    next.error = error;
    if (decision.kind == FailureClass::transient) ++next.transient_failures;
    if (decision.kind == FailureClass::crash) ++next.crashes;
    if (retry) next.not_before_ms = decision.not_before_ms;
    return changed(std::move(next), retry ? std::string_view() : failed ? event_failed : event_dead, now_ms);
}

/// Whether the lease still gives the right to write.
StoreResult check(const Job& job, const Lease& lease) {
    if (job.state == JobState::running && job.fence == lease.fence && job.owner == lease.owner)
        return StoreResult::done;
    return job.state == JobState::cancelled ? StoreResult::cancelled : StoreResult::stale;
}

/// A step whose answer was lost and which is asked for again: nobody has touched the job since.
bool already(const Job& job, const Lease& lease, JobState state) {
    return job.state == state && job.fence == lease.fence && job.owner == lease.owner;
}

/// In tenths; a progress event goes out whenever this grows.
int tenths(const JobProgress& progress) {
    if (progress.duration_s <= 0) return 0;
    return static_cast<int>(10.0 * std::clamp(progress.done_s / progress.duration_s, 0.0, 1.0));
}

}  // namespace

std::optional<JobState> next_state(JobState from, JobEvent event) {
    for (const Row& row : table) {
        if (row.from == from && row.event == event) return row.to;
    }
    return std::nullopt;
}

Change new_job(const NewJob& wanted, std::string id, int64_t now_ms) {
    Job job;
    job.id = std::move(id);
    job.input = wanted.input;
    job.options = wanted.options;
    job.metadata = wanted.metadata;
    job.callback = wanted.callback;
    job.deadline_ms = wanted.deadline_ms;
    job.idempotency_key = wanted.idempotency_key;
    job.request_digest = wanted.request_digest;
    job.created_ms = job.updated_ms = now_ms;
    job.not_before_ms = std::max(wanted.not_before_ms, now_ms);
    job.timeline.push_back({now_ms, JobState::queued, ""});
    auto event = numbered_event(job, event_queued, now_ms);
    return {std::move(job), std::move(event), std::nullopt};
}

Step step_arrive(const Job& job, const JobInput& input, int64_t now_ms) {
    const bool same = job.input.etag == input.etag && job.input.version == input.version;
    if (same && !input.etag.empty()) return {};
    const bool awaited = job.state == JobState::queued && job.attempt == 0 && job.input.etag.empty();
    if (!awaited) return {StoreResult::wrong_state, {}};
    Job next = job;
    const std::string name = job.input.name;
    next.input = input;
    if (!name.empty()) next.input.name = name;
    next.not_before_ms = next.updated_ms = now_ms;
    next.timeline.push_back({now_ms, next.state, "the recording has arrived"});
    return changed(std::move(next), "", now_ms);
}

Step step_launch(const Job& job, const LaunchRequest& request, int64_t now_ms) {
    const auto from_ms = claimable_from_ms(job);
    if (!next_state(job.state, JobEvent::launch) || *from_ms > now_ms) return {StoreResult::wrong_state, {}};
    const bool in_vain = job.state == JobState::launching, lost = job.state == JobState::running;
    if (lost && job.crashes + 1 >= request.max_crashes) return worker_lost(job, now_ms);
    if (in_vain && job.transient_failures + 1 >= request.max_transient_failures) return no_capacity(job, now_ms);
    if (is_late(job, now_ms)) return late(job, now_ms);
    Job next = moved(job, JobEvent::launch, now_ms, lost ? "the lease of " + job.owner + " ran out" : "");
    if (in_vain) ++next.transient_failures;
    if (lost) ++next.crashes;
    ++next.launch_seq;
    next.lease_until_ms = now_ms + request.lease_ms;
    return changed(std::move(next), "", now_ms);
}

Step step_launch_failed(const Job& job, int launch_seq, const RetryDecision& decision, int64_t now_ms) {
    const bool same_launch = job.launch_seq == launch_seq;
    if (same_launch && job.state == decision.state) return {};
    if (!same_launch || job.state != JobState::launching) return {StoreResult::stale, {}};
    return ended(job, decision, now_ms);
}

Step step_claim(const Job& job, const ClaimRequest& request, int64_t now_ms) {
    const auto from_ms = claimable_from_ms(job);
    if (!from_ms) return {StoreResult::wrong_state, {}};
    if (request.launch_seq >= 0 && request.launch_seq != job.launch_seq) return {StoreResult::stale, {}};
    // The machine that was launched for it claims while the lease of its launch runs.
    const bool launched = job.state == JobState::launching && request.launch_seq >= 0;
    if (*from_ms > now_ms && !launched) return {StoreResult::stale, {}};
    const bool lost = job.state == JobState::running;
    const bool no_machine = job.state == JobState::launching && *from_ms <= now_ms;
    if (lost && job.crashes + 1 >= request.max_crashes) return worker_lost(job, now_ms);
    if (no_machine && job.transient_failures + 1 >= request.max_transient_failures) return no_capacity(job, now_ms);
    if (is_late(job, now_ms)) return late(job, now_ms);
    Job next = moved(job, JobEvent::claim, now_ms,
                     lost ? "the lease of " + job.owner + " ran out; taken over by " + request.owner : request.owner);
    if (lost) ++next.crashes;
    if (no_machine) ++next.transient_failures;
    ++next.attempt;
    ++next.fence;
    next.owner = request.owner;
    next.lease_until_ms = now_ms + request.lease_ms;
    return changed(std::move(next), event_started, now_ms);
}

Step step_renew(const Job& job, const Lease& lease, int64_t lease_ms, int64_t now_ms) {
    const StoreResult result = check(job, lease);
    if (result != StoreResult::done) return {result, {}};
    Job next = job;
    next.lease_until_ms = std::max(next.lease_until_ms, now_ms + lease_ms);
    return changed(std::move(next), "", now_ms);
}

Step step_progress(const Job& job, const Lease& lease, const JobProgress& progress, int64_t now_ms) {
    const StoreResult result = check(job, lease);
    if (result != StoreResult::done) return {result, {}};
    Job next = job;
    next.progress = progress;
    next.updated_ms = now_ms;
    const bool tell = tenths(progress) > tenths(job.progress);
    return changed(std::move(next), tell ? event_progress : std::string_view(), now_ms);
}

Step step_commit(const Job& job, const Lease& lease, const JobResult& result, int64_t now_ms) {
    if (already(job, lease, JobState::succeeded)) return {};
    const StoreResult right = check(job, lease);
    if (right != StoreResult::done) return {right, {}};
    Job next = moved(job, JobEvent::succeed, now_ms);
    next.result = result;
    next.error = {};
    next.progress.done_s = next.progress.duration_s = result.audio_s;
    const UsageRow usage{job.id, lease.fence, now_ms, result.audio_s, result.compute_s, result.model};
    Step step = changed(std::move(next), event_completed, now_ms);
    step.change->usage = usage;
    return step;
}

Step step_end_attempt(const Job& job, const Lease& lease, const RetryDecision& decision, int64_t now_ms) {
    if (already(job, lease, decision.state)) return {};
    const StoreResult right = check(job, lease);
    if (right != StoreResult::done) return {right, {}};
    return ended(job, decision, now_ms);
}

Step step_release(const Job& job, const Lease& lease, int64_t now_ms) {
    if (already(job, lease, JobState::queued)) return {};
    const StoreResult right = check(job, lease);
    if (right != StoreResult::done) return {right, {}};
    Job next = moved(job, JobEvent::release, now_ms, "given back by " + lease.owner);
    next.not_before_ms = now_ms;
    return changed(std::move(next), "", now_ms);
}

Step step_cancel(const Job& job, int64_t now_ms) {
    if (job.state == JobState::cancelled) return {};
    if (!next_state(job.state, JobEvent::cancel)) return {StoreResult::wrong_state, {}};
    Job next = moved(job, JobEvent::cancel, now_ms);
    ++next.fence;
    return changed(std::move(next), event_cancelled, now_ms);
}

Step step_redrive(const Job& job, int64_t now_ms) {
    if (job.state == JobState::queued) return {};
    if (!next_state(job.state, JobEvent::redrive)) return {StoreResult::wrong_state, {}};
    Job next = moved(job, JobEvent::redrive, now_ms, "redriven");
    ++next.fence;
    next.owner.clear();
    next.crashes = next.transient_failures = 0;
    next.error = {};
    next.deadline_ms = 0;
    next.created_ms = job.created_ms;
    next.not_before_ms = now_ms;
    return changed(std::move(next), event_queued, now_ms);
}

}  // namespace ft
