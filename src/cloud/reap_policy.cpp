#include "cloud/reap_policy.h"

#include <algorithm>
#include <optional>

namespace ft::cloud {

namespace {

bool is_live(const Machine& machine) {
    return machine.state == "pending" || machine.state == "running";
}

bool has_run_out(const Job& job, int64_t now_ms) {
    return job.lease_until_ms <= now_ms;
}

/// Since when this has been looked at so; now when it was not.
int64_t since(const std::vector<Suspicion>& before, const std::string& what, int64_t now_ms) {
    for (const Suspicion& suspicion : before) {
        if (suspicion.what == what) return std::min(suspicion.since_ms, now_ms);
    }
    return now_ms;
}

struct Doubt {
    std::string kind, why;
    int64_t wait_ms = 0;
};

/// Why the machine should go, and how long that must have been so.
std::optional<Doubt> doubt(const Machine& machine, const std::vector<Job>& jobs, const ReapLimits& limits,
                           int64_t now_ms) {
    const int64_t age_ms = now_ms - machine.launched_ms;
    if (machine.state == "shutting-down" || machine.state == "terminated") return std::nullopt;
    if (age_ms >= limits.life_ms + limits.grace_ms)
        return Doubt{"deadline", "it is past its deadline", limits.pass_gap_ms};
    if (!is_live(machine)) return Doubt{"stopped", "it is stopped", limits.pass_gap_ms};
    if (age_ms < limits.boot_ms || is_busy(machine, jobs, now_ms)) return std::nullopt;
    return Doubt{"idle", "it has no job", std::max(limits.idle_ms, limits.pass_gap_ms)};
}

}  // namespace

std::string machine_of_owner(std::string_view owner) {
    const std::string_view id = owner.substr(0, owner.find_first_of(":/"));
    return id.starts_with("i-") && id.size() < owner.size() ? std::string(id) : "";
}

bool is_busy(const Machine& machine, const std::vector<Job>& jobs, int64_t now_ms) {
    return std::any_of(jobs.begin(), jobs.end(), [&](const Job& job) {
        if (has_run_out(job, now_ms)) return false;
        if (job.state == JobState::running) return machine_of_owner(job.owner) == machine.id;
        return job.state == JobState::launching && job.id == machine.job_id && job.launch_seq == machine.launch_seq;
    });
}

bool is_awaited(const Job& job) {
    return job.state == JobState::queued && job.attempt == 0 && job.input.etag.empty();
}

ReapPlan plan_reap(const std::vector<Job>& jobs, const std::vector<Machine>& machines,
                   const std::vector<Suspicion>& before, const ReapLimits& limits, int64_t now_ms) {
    ReapPlan plan;
    for (const Machine& machine : machines) {
        const auto found = doubt(machine, jobs, limits, now_ms);
        if (!found) continue;
        const Suspicion suspicion{machine.id + " " + found->kind,
                                  since(before, machine.id + " " + found->kind, now_ms)};
        if (now_ms - suspicion.since_ms >= found->wait_ms) plan.terminate.push_back({machine.id, found->why});
        plan.suspicions.push_back(suspicion);
    }
    for (const Job& job : jobs) {
        if (job.state != JobState::running || !has_run_out(job, now_ms)) continue;
        // Whoever takes or renews it changes one of these, and then it is not lost.
        const std::string what = fmt::format("{} {} {}", job.id, job.attempt, job.lease_until_ms);
        const Suspicion suspicion{what, since(before, what, now_ms)};
        if (now_ms - suspicion.since_ms >= limits.pass_gap_ms) plan.lost_jobs.push_back(job.id);
        plan.suspicions.push_back(suspicion);
    }
    return plan;
}

Demand demand_of(const std::vector<Job>& jobs, const std::vector<Machine>& machines,
                 const std::vector<std::string>& lost, int64_t now_ms) {
    Demand demand;
    demand.machines = static_cast<int>(std::count_if(machines.begin(), machines.end(), is_live));
    for (const Job& job : jobs) {
        const bool due = claimable_from_ms(job).value_or(now_ms + 1) <= now_ms;
        const bool is_lost = std::find(lost.begin(), lost.end(), job.id) != lost.end();
        if (job.state == JobState::running && !(due && is_lost)) {
            ++demand.running;
        } else if (job.state == JobState::launching && !due) {
            ++demand.launching;
        } else if (due && !is_awaited(job)) {
            ++demand.waiting;
        }
    }
    return demand;
}

}  // namespace ft::cloud
