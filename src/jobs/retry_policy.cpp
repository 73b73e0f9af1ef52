#include "jobs/retry_policy.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/backoff.h"

namespace ft {

namespace {

constexpr int64_t second_ms = 1000, minute_ms = 60 * second_ms, hour_ms = 60 * minute_ms;
/// Before the 2nd, 3rd, … try.
constexpr std::array<int64_t, 9> webhook_schedule_ms = {5 * second_ms, 5 * minute_ms, 30 * minute_ms,
                                                        2 * hour_ms,   5 * hour_ms,   10 * hour_ms,
                                                        14 * hour_ms,  20 * hour_ms,  24 * hour_ms};

}  // namespace

std::string_view to_string(FailureClass failure) {
    switch (failure) {
        case FailureClass::transient:
            return "transient";
        case FailureClass::crash:
            return "crash";
        case FailureClass::permanent:
            return "permanent";
    }
    return "crash";
}

FailureClass failure_class(ErrorCode code) {
    switch (code) {
        case ErrorCode::network:
        case ErrorCode::disk_full:
            return FailureClass::transient;
        case ErrorCode::invalid_argument:
        case ErrorCode::bad_media:
        case ErrorCode::not_found:
        case ErrorCode::unsupported:
            return FailureClass::permanent;
        case ErrorCode::bad_model:
        case ErrorCode::permission:
        case ErrorCode::io:
        case ErrorCode::out_of_memory:
        case ErrorCode::device_lost:  // perhaps of this recording
        case ErrorCode::cancelled:
        case ErrorCode::internal:
            return FailureClass::crash;
    }
    return FailureClass::crash;
}

int64_t retry_wait_ms(const JobRetryPolicy& policy, int failures, std::optional<int64_t> retry_after_ms,
                      double random) {
    const int64_t wait = jittered_wait_ms(failures, policy.first_wait_ms, policy.longest_wait_ms, random);
    if (!retry_after_ms) return wait;
    return std::max(wait, std::clamp<int64_t>(*retry_after_ms, 0, policy.longest_retry_after_ms));
}

RetryDecision decide_retry(const JobRetryPolicy& policy, const Job& job, const JobFailure& failure, int64_t now_ms,
                           double random) {
    RetryDecision decision{JobState::dead, 0, failure.kind, failure.error};
    if (failure.kind == FailureClass::permanent) {
        decision.state = JobState::failed;
        return decision;
    }
    const bool transient = failure.kind == FailureClass::transient;
    const int failures = 1 + (transient ? job.transient_failures : job.crashes);
    if (failures >= (transient ? policy.max_transient_failures : policy.max_crashes)) return decision;
    const int64_t next_ms = now_ms + retry_wait_ms(policy, failures, failure.retry_after_ms, random);
    if (transient && next_ms - job.created_ms >= policy.max_age_ms) return decision;
    if (job.deadline_ms > 0 && next_ms >= job.deadline_ms) return decision;
    decision.state = JobState::retry_wait;
    decision.not_before_ms = next_ms;
    return decision;
}

std::optional<int64_t> webhook_wait_ms(int attempts, std::optional<int64_t> retry_after_ms, double random) {
    if (attempts < 1) return 0;
    if (static_cast<size_t>(attempts) > webhook_schedule_ms.size()) return std::nullopt;
    const int64_t wait = webhook_schedule_ms[static_cast<size_t>(attempts) - 1];
    const int64_t jitter = static_cast<int64_t>(std::clamp(random, 0.0, 1.0) * static_cast<double>(wait) / 10);
    const int64_t asked = std::clamp<int64_t>(retry_after_ms.value_or(0), 0, 24 * hour_ms);
    return std::max(wait + jitter, asked);
}

}  // namespace ft
