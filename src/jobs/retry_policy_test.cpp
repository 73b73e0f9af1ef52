#include "jobs/retry_policy.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

const JobRetryPolicy policy;

JobFailure failure_of(FailureClass kind, std::optional<int64_t> retry_after_ms = {}) {
    return {kind, {"code", "sentence"}, retry_after_ms};
}

TEST(RetryPolicy, EveryErrorHasAClass) {
    for (const ErrorCode code : {ErrorCode::network, ErrorCode::disk_full})
        EXPECT_EQ(failure_class(code), FailureClass::transient) << to_string(code);
    for (const ErrorCode code :
         {ErrorCode::bad_media, ErrorCode::invalid_argument, ErrorCode::not_found, ErrorCode::unsupported})
        EXPECT_EQ(failure_class(code), FailureClass::permanent) << to_string(code);
    for (const ErrorCode code : {ErrorCode::io, ErrorCode::out_of_memory, ErrorCode::internal, ErrorCode::bad_model,
                                 ErrorCode::permission, ErrorCode::cancelled})
        EXPECT_EQ(failure_class(code), FailureClass::crash) << to_string(code);
    // What a later version adds ends in dead, not in a loop.
    EXPECT_EQ(failure_class(static_cast<ErrorCode>(99)), FailureClass::crash);
}

TEST(RetryPolicy, PermanentFailsAtOnce) {
    const RetryDecision decision = decide_retry(policy, {}, failure_of(FailureClass::permanent), 0, 0.5);
    EXPECT_EQ(decision.state, JobState::failed);
    EXPECT_EQ(decision.error.message, "sentence");
}

TEST(RetryPolicy, TheThirdCrashIsTheLast) {
    Job job;
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::crash), 0, 0.5).state, JobState::retry_wait);
    job.crashes = 1;
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::crash), 0, 0.5).state, JobState::retry_wait);
    job.crashes = 2;
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::crash), 0, 0.5).state, JobState::dead);
    // They do not count for each other.
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::transient), 0, 0.5).state, JobState::retry_wait);
}

TEST(RetryPolicy, TransientEndsByNumberOrAge) {
    Job job;
    job.created_ms = 1000;
    job.transient_failures = 18;
    const int64_t day_ms = 86400000;
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::transient), 2000, 0).state, JobState::retry_wait);
    job.transient_failures = 19;
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::transient), 2000, 0).state, JobState::dead);
    job.transient_failures = 0;
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::transient), 999 + day_ms, 0).state,
              JobState::retry_wait);
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::transient), 1000 + day_ms, 0).state, JobState::dead);
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::crash), 1000 + day_ms, 0).state, JobState::retry_wait);
}

TEST(RetryPolicy, NothingIsPlannedPastTheDeadline) {
    Job job;
    job.deadline_ms = 10000;
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::crash), 9000, 0.5).state, JobState::retry_wait);
    EXPECT_EQ(decide_retry(policy, job, failure_of(FailureClass::crash, 2000), 9000, 0.5).state, JobState::dead);
}

TEST(RetryPolicy, FullJitterUnderACeilingThatDoubles) {
    for (int failures = 1; failures < 80; ++failures) {
        int64_t ceiling = 600000;
        if (failures < 11) ceiling = std::min<int64_t>(ceiling, int64_t{1000} << (failures - 1));
        EXPECT_EQ(retry_wait_ms(policy, failures, {}, 0.0), 0);
        EXPECT_EQ(retry_wait_ms(policy, failures, {}, 0.5), ceiling / 2);
        EXPECT_LE(retry_wait_ms(policy, failures, {}, 0.999999), ceiling);
        EXPECT_LE(retry_wait_ms(policy, failures, {}, 7.0), ceiling);
    }
}

TEST(RetryPolicy, RetryAfterIsALowerBoundWithinReason) {
    EXPECT_EQ(retry_wait_ms(policy, 1, 30000, 0.5), 30000);
    EXPECT_EQ(retry_wait_ms(policy, 20, 1000, 0.5), 300000);
    EXPECT_EQ(retry_wait_ms(policy, 1, int64_t{1} << 60, 0.5), 3600000);
    EXPECT_EQ(retry_wait_ms(policy, 1, -5, 0.5), 500);
    const RetryDecision decision = decide_retry(policy, {}, failure_of(FailureClass::crash, 30000), 100, 0.0);
    EXPECT_EQ(decision.not_before_ms, 30100);
}

TEST(WebhookSchedule, TenTriesOverThreeDays) {
    EXPECT_EQ(webhook_wait_ms(0, {}, 0), 0);
    EXPECT_EQ(webhook_wait_ms(1, {}, 0), 5000);
    EXPECT_EQ(webhook_wait_ms(2, {}, 0), 300000);
    EXPECT_EQ(webhook_wait_ms(9, {}, 0), 86400000);
    EXPECT_FALSE(webhook_wait_ms(10, {}, 0));
    EXPECT_FALSE(webhook_wait_ms(1000000, {}, 0));
    EXPECT_EQ(webhook_wait_ms(1, {}, 1.0), 5500);
    EXPECT_EQ(webhook_wait_ms(1, 60000, 0), 60000);
    EXPECT_EQ(webhook_wait_ms(9, 60000, 0), 86400000);
    EXPECT_EQ(webhook_wait_ms(1, int64_t{1} << 60, 0), 86400000);
}

}  // namespace
}  // namespace ft
