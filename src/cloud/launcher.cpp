#include "cloud/launcher.h"

#include <algorithm>

#include "aws/service_error.h"
#include "base/error.h"
#include "base/log.h"

namespace ft::cloud {

namespace {

bool is_due(const Job& job, int64_t now_ms) {
    return claimable_from_ms(job).value_or(now_ms + 1) <= now_ms;
}

bool is_of(const Machine& machine, const Job& job) {
    return machine.job_id == job.id && machine.launch_seq == job.launch_seq;
}

/// The jobs that a machine may be launched for, the longest waiting first.
std::vector<Job> candidates(const std::vector<Job>& jobs, const std::vector<Machine>& machines,
                            const std::vector<std::string>& lost, int64_t now_ms) {
    std::vector<Job> found;
    for (const Job& job : jobs) {
        if (!is_due(job, now_ms) || is_awaited(job)) continue;
        if (job.state == JobState::running && std::find(lost.begin(), lost.end(), job.id) == lost.end()) continue;
        // A machine that boots slowly is still on its way; the reaper sees to one that never comes.
        const bool coming = std::any_of(machines.begin(), machines.end(), [&](const Machine& machine) {
            return is_of(machine, job) && (machine.state == "pending" || machine.state == "running");
        });
        if (job.state == JobState::launching && coming) continue;
        found.push_back(job);
    }
    std::sort(found.begin(), found.end(), [](const Job& a, const Job& b) {
        return std::pair(claimable_from_ms(a), a.id) < std::pair(claimable_from_ms(b), b.id);
    });
    return found;
}

}  // namespace

LaunchRun Launcher::run(const std::vector<std::string>& lost) {
    LaunchRun run;
    const std::vector<Job> jobs = parts_.store.unfinished(most_jobs);
    if (jobs.empty()) return run;
    const std::vector<Machine> machines = parts_.machines.list();
    resume(jobs, machines, run);
    const int64_t now_ms = parts_.clock.wall_ms();
    const int wanted =
        launches_wanted(demand_of(jobs, machines, lost, now_ms), settings_.max_instances, settings_.jobs_per_instance);
    if (wanted == 0) return run;
    for (const Job& job : candidates(jobs, machines, lost, now_ms)) {
        if (run.launched >= wanted || !launch(job.id, run)) break;
    }
    return run;
}

void Launcher::resume(const std::vector<Job>& jobs, const std::vector<Machine>& machines, LaunchRun& run) {
    for (const Job& job : jobs) {
        if (job.state != JobState::launching || is_due(job, parts_.clock.wall_ms())) continue;
        const bool known =
            std::any_of(machines.begin(), machines.end(), [&](const Machine& machine) { return is_of(machine, job); });
        if (known) continue;
        LaunchRun again;
        if (ask(job, again) == Asked::launched) ++run.resumed;
    }
}

std::optional<JobError> Launcher::wrong_with(const JobInput& input) {
    const auto key = parts_.uploads.key_of(input.uri);
    if (!key) return std::nullopt;
    const auto found = parts_.uploads.head(*key, input.version);
    if (!found || (!input.etag.empty() && found->etag != input.etag))
        return JobError{"not_found", "the recording is no longer there, or was replaced; submit it again"};
    if (found->size_bytes == 0) return JobError{"bad_media", "the file is empty; submit a recording"};
    if (found->size_bytes > settings_.longest_upload)
        return JobError{"invalid_argument", fmt::format("the file has {} bytes, and at most {} are taken",
                                                        found->size_bytes, settings_.longest_upload)};
    return std::nullopt;
}

bool Launcher::launch(const std::string& id, LaunchRun& run) {
    // On demand after spot, or under a new token: at once, but not for ever.
    for (int round = 0; round < 3; ++round) {
        std::optional<Job> job = parts_.store.get(id);
        if (!job || is_terminal(job->state)) return true;
        const auto wrong = wrong_with(job->input);
        LaunchRequest request;
        request.max_crashes = retry_.max_crashes;
        request.max_transient_failures = retry_.max_transient_failures;
        if (parts_.store.launch(id, request) != StoreResult::done) return true;
        job = parts_.store.get(id);
        if (!job || job->state != JobState::launching) return true;
        if (wrong) {
            parts_.store.launch_failed(id, job->launch_seq, {JobState::failed, 0, FailureClass::permanent, *wrong});
            ++run.refused;
            return true;
        }
        const Asked asked = ask(*job, run);
        if (asked == Asked::launched) ++run.launched;
        if (asked != Asked::again) return asked == Asked::launched;
    }
    return false;
}

Launcher::Asked Launcher::ask(const Job& job, LaunchRun& run) {
    LaunchVerdict verdict;
    try {
        verdict = judge_fleet(parts_.machines.launch(fleet_request(job, settings_)));
    } catch (const aws::AwsError& error) {
        if (error.code() == ErrorCode::network) throw;
        verdict = {judge_code(error.aws_code()), error.aws_code(), error.what()};
    }
    if (verdict.outcome == LaunchOutcome::launched) {
        spdlog::info("job {}: a machine comes (launch {})", job.id, job.launch_seq);
        return Asked::launched;
    }
    const int64_t now_ms = parts_.clock.wall_ms();
    const RetryDecision decision = after_failed_launch(job, verdict, settings_, retry_, now_ms, parts_.random());
    run.error = decision.error.code;
    spdlog::warn("job {}: {}", job.id, decision.error.message);
    const StoreResult written = parts_.store.launch_failed(job.id, job.launch_seq, decision);
    const bool again =
        written == StoreResult::done && decision.state == JobState::retry_wait && decision.not_before_ms <= now_ms;
    return again ? Asked::again : Asked::failed;
}

}  // namespace ft::cloud
