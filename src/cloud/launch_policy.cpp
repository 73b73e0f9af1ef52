#include "cloud/launch_policy.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/sha256.h"

namespace ft::cloud {

namespace {

constexpr const char* no_spot = "no_spot_capacity";

constexpr std::array no_capacity_codes = {
    "InsufficientInstanceCapacity",
    "InsufficientCapacity",
    "InsufficientHostCapacity",
    "InsufficientReservedInstanceCapacity",
    "InsufficientFreeAddressesInSubnet",
    "UnfulfillableCapacity",
    "SpotMaxPriceTooLow",
    "MaxSpotInstanceCountExceeded",
    "VcpuLimitExceeded",
    "InstanceLimitExceeded",
    "Unsupported",  // this type is not offered in that zone
};
constexpr std::array throttling_codes = {
    "RequestLimitExceeded", "Throttling",      "ThrottlingException", "Unavailable",
    "InternalError",        "InternalFailure", "ServiceUnavailable",  "RequestResourceCountExceeded"};
constexpr std::array changed_codes = {"IdempotentParameterMismatch", "IdempotentInstanceTerminated"};

template <typename Codes>
bool has(const Codes& codes, std::string_view code) {
    return std::any_of(codes.begin(), codes.end(), [&](const char* known) { return known == code; });
}

std::string_view name_of(LaunchOutcome outcome) {
    switch (outcome) {
        case LaunchOutcome::launched:
            return "launched";
        case LaunchOutcome::no_capacity:
            return "no_capacity";
        case LaunchOutcome::throttled:
            return "launch_throttled";
        case LaunchOutcome::changed:
            return "launch_changed";
        case LaunchOutcome::refused:
            return "launch_refused";
    }
    return "launch_refused";
}

}  // namespace

int launches_wanted(const Demand& demand, int max_instances, int jobs_per_instance) {
    const int work = demand.waiting + demand.launching + demand.running, each = std::max(jobs_per_instance, 1);
    // A machine that was asked for a moment ago may not be listed yet.
    const int live = std::max(demand.machines, demand.launching);
    const int worth = (work + each - 1) / each;
    return std::max(0, std::min({worth - live, max_instances - live, demand.waiting}));
}

bool launches_on_demand(const Job& job, OnDemand policy) {
    return policy == OnDemand::on_no_capacity && job.error.code == no_spot;
}

std::string client_token(const std::string& job_id, int launch_seq) {
    const std::string all = job_id + "\n" + std::to_string(launch_seq);
    return sha256_hex(std::as_bytes(std::span(all)));
}

aws::FleetRequest fleet_request(const Job& job, const CloudSettings& settings) {
    aws::FleetRequest request;
    request.client_token = client_token(job.id, job.launch_seq);
    request.launch_template = settings.launch_template;
    for (const std::string& type : settings.instance_types) {
        for (const std::string& subnet : settings.subnets) request.choices.push_back({type, subnet});
    }
    request.spot = !launches_on_demand(job, settings.on_demand);
    request.instance_tags = {{job_tag, job.id},
                             {launch_tag, std::to_string(job.launch_seq)},
                             {stack_tag, settings.stack},
                             {name_tag, worker_name}};
    request.fleet_tags = {{job_tag, job.id}, {stack_tag, settings.stack}};
    return request;
}

LaunchOutcome judge_code(std::string_view code) {
    if (has(no_capacity_codes, code)) return LaunchOutcome::no_capacity;
    if (has(throttling_codes, code)) return LaunchOutcome::throttled;
    if (has(changed_codes, code)) return LaunchOutcome::changed;
    return LaunchOutcome::refused;
}

LaunchVerdict judge_fleet(const aws::FleetResult& result) {
    if (!result.launched.empty()) return {LaunchOutcome::launched, "", ""};
    LaunchVerdict verdict{LaunchOutcome::refused, "", "EC2 gave neither a machine nor a reason"};
    bool first = true;
    for (const aws::FleetFailure& failure : result.failures) {
        const LaunchOutcome outcome = judge_code(failure.code);
        if (!first && outcome >= verdict.outcome) continue;
        verdict = {outcome, failure.code, failure.message};
        first = false;
    }
    return verdict;
}

RetryDecision after_failed_launch(const Job& job, const LaunchVerdict& verdict, const CloudSettings& settings,
                                  const JobRetryPolicy& retry, int64_t now_ms, double chance) {
    const bool was_spot = !launches_on_demand(job, settings.on_demand);
    const bool none = verdict.outcome == LaunchOutcome::no_capacity;
    const bool on_demand_next = none && was_spot && settings.on_demand == OnDemand::on_no_capacity;
    JobFailure failure{FailureClass::transient, {}, {}};
    failure.error.code = on_demand_next ? no_spot : std::string(name_of(verdict.outcome));
    failure.error.message = fmt::format("no machine came of launch {} ({}): {}: {}", job.launch_seq,
                                        was_spot ? "spot" : "on demand", verdict.code, verdict.message);
    RetryDecision decision = decide_retry(retry, job, failure, now_ms, chance);
    const bool at_once = on_demand_next || verdict.outcome == LaunchOutcome::changed;
    if (decision.state == JobState::retry_wait && at_once) decision.not_before_ms = now_ms;
    return decision;
}

}  // namespace ft::cloud
