#pragma once
// How many machines are wanted, what is asked of EC2 for one, and what its answer means. Pure: time and chance come as
// arguments.
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/ec2_client.h"
#include "cloud/settings.h"
#include "jobs/job.h"
#include "jobs/retry_policy.h"

namespace ft::cloud {

struct Demand {
    int waiting = 0;    ///< due, and nobody has them
    int launching = 0;  ///< a machine was asked for, and has time left to come
    int running = 0;    ///< leased by workers
    int machines = 0;   ///< pending or running
};

/// The machines that the whole work is worth, at jobs_per_instance each, less those that live or are on their way;
/// never more than jobs that wait, or than the limit leaves room for. A machine stays for further jobs, so ten uploads
/// cost one boot.
int launches_wanted(const Demand& demand, int max_instances, int jobs_per_instance);

/// Whether the next launch of this job is on demand: the last one found no spot instance, and the operator allows it. A
/// function of the record alone, so that a repeated launch asks for the same.
bool launches_on_demand(const Job& job, OnDemand policy);

/// Of one launch: the same for every repetition, another for every launch_seq; 64 characters, the most EC2 takes.
std::string client_token(const std::string& job_id, int launch_seq);

/// The whole request for the job's current launch_seq: all types in all subnets, EC2 chooses. Equal records give equal
/// requests.
aws::FleetRequest fleet_request(const Job& job, const CloudSettings& settings);

/// Tags that machines carry; the template makes them readable on the machine.
inline constexpr const char* job_tag = "JobId";
inline constexpr const char* launch_tag = "LaunchSeq";
inline constexpr const char* stack_tag = "Stack";
/// Machines that images are built on belong to the stack as well, under another name.
inline constexpr const char* name_tag = "Name";
inline constexpr const char* worker_name = "transcriber-worker";

enum class LaunchOutcome {
    launched,
    no_capacity,  ///< nowhere now: another zone, type or market may have one, or another time
    throttled,    ///< asked too often
    changed,      ///< this client token was used for another request: only a new launch_seq helps
    refused,      ///< rights, template or parameters are wrong: the operator must mend it
};

struct LaunchVerdict {
    LaunchOutcome outcome = LaunchOutcome::refused;
    std::string code, message;  ///< EC2's, of the first failure that decided
};

/// Of one error code of EC2's. Codes that are not known are `refused`.
LaunchOutcome judge_code(std::string_view code);
/// One machine is a success, whatever else failed. Of several failures the most hopeful decides: no_capacity before
/// throttled before changed before refused.
LaunchVerdict judge_fleet(const aws::FleetResult& result);

/// What becomes of the job when a launch brought no machine. no_capacity of spot with on-demand allowed: due again at
/// once, and launches_on_demand() from then on; after `changed` at once as well; else as decide_retry says, transient.
RetryDecision after_failed_launch(const Job& job, const LaunchVerdict& verdict, const CloudSettings& settings,
                                  const JobRetryPolicy& retry, int64_t now_ms, double chance);

}  // namespace ft::cloud
