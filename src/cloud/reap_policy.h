#pragma once
// What the reaper does with records and machines. Pure: what was read comes in, what is to be done comes out.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/launch_policy.h"
#include "jobs/job.h"

namespace ft::cloud {

/// A machine of this stack, as EC2 lists it.
struct Machine {
    std::string id, state;  ///< "pending", "running", "stopping", "stopped", "shutting-down", "terminated"
    int64_t launched_ms = 0;
    std::string job_id;  ///< of the launch; it may have other jobs by now
    int launch_seq = 0;
};

struct ReapLimits {
    int64_t life_ms = int64_t{4} * 3600 * 1000;  ///< of a machine
    int64_t grace_ms = 600000;                   ///< beyond that: its own timers come first
    int64_t boot_ms = 600000;                    ///< a machine that young need not have a job
    int64_t idle_ms = 300000;                    ///< a machine seen without a job for that long is an orphan
    int64_t pass_gap_ms = 30000;                 ///< two looks closer than that are one
};

/// Something that looked wrong, and since when. Nothing is done about it in the pass that first sees it.
struct Suspicion {
    std::string what;  ///< the machine, or the job with its attempt and the lease that ran out
    int64_t since_ms = 0;

    bool operator==(const Suspicion&) const = default;
};

struct Termination {
    std::string machine_id, why;
};

struct ReapPlan {
    std::vector<Termination> terminate;
    std::vector<std::string> lost_jobs;  ///< running without a lease in two passes: worth a new machine
    std::vector<Suspicion> suspicions;   ///< for the next pass
};

/// The instance in a worker's name: "i-0abc:host/…" → "i-0abc"; empty for others.
std::string machine_of_owner(std::string_view owner);

/// A worker on the machine has renewed a lease that still runs, or the job it was launched for still awaits it. Such a
/// machine is left alone until its deadline.
bool is_busy(const Machine& machine, const std::vector<Job>& jobs, int64_t now_ms);

/// `jobs`: all that are unfinished; `before`: the suspicions of the pass before.
/// A machine is terminated when it was past its deadline and grace, stopped, or without a job for idle_ms, in this pass
/// and an earlier one. What is shutting down is left to it.
ReapPlan plan_reap(const std::vector<Job>& jobs, const std::vector<Machine>& machines,
                   const std::vector<Suspicion>& before, const ReapLimits& limits, int64_t now_ms);

/// `lost`: jobs that a reaper has found lost; whoever else launches does not know, and counts them as running.
Demand demand_of(const std::vector<Job>& jobs, const std::vector<Machine>& machines,
                 const std::vector<std::string>& lost, int64_t now_ms);

/// Its recording has not come yet.
bool is_awaited(const Job& job);

}  // namespace ft::cloud
