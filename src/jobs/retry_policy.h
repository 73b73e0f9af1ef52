#pragma once
// What a failure means for the job, and when to try again. Pure: time and randomness come as arguments.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "jobs/job.h"

namespace ft {

enum class FailureClass {
    transient,  ///< A: capacity, spot loss, throttling, network, full disk. Not counted as an attempt; own cap and age
                ///< limit
    crash,      ///< B: worker gone, out of memory, broken disk, time-out, a bug of ours. A few times, then dead
    permanent,  ///< C: undecodable, too long, object gone. Failed at once
};
std::string_view to_string(FailureClass failure);

/// What the engine's errors mean to a job. Unknown ones are class B, whose end is dead: nothing loops for ever.
FailureClass failure_class(ErrorCode code);

struct JobRetryPolicy {
    int max_crashes = 3;                                     ///< the third failure of class B is the last
    int max_transient_failures = 20;                         ///< of class A
    int64_t max_age_ms = int64_t{24} * 3600 * 1000;          ///< since creation, for class A
    int64_t first_wait_ms = 1000, longest_wait_ms = 600000;  ///< doubles from one to the other
    int64_t longest_retry_after_ms = 3600000;                ///< a service that asks for more is asked again after this
};

struct JobFailure {
    FailureClass kind = FailureClass::crash;
    JobError error;
    std::optional<int64_t> retry_after_ms;  ///< what the other side asked for
};

/// What becomes of an attempt that failed.
struct RetryDecision {
    JobState state = JobState::dead;  ///< retry_wait, failed or dead
    int64_t not_before_ms = 0;        ///< for retry_wait, wall clock
    FailureClass kind = FailureClass::crash;
    JobError error;
};

/// `job`: as it was before this failure. `random`: uniform in [0, 1).
RetryDecision decide_retry(const JobRetryPolicy& policy, const Job& job, const JobFailure& failure, int64_t now_ms,
                           double random);

/// Full jitter: uniform in [0, min(longest, first · 2^(failures−1))]; never under what the other side asked for.
int64_t retry_wait_ms(const JobRetryPolicy& policy, int failures, std::optional<int64_t> retry_after_ms, double random);

/// Webhooks: after `attempts` tries the next comes 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h later, up to a
/// tenth more; nothing after the tenth. Retry-After (at most a day) is honoured where it is longer.
std::optional<int64_t> webhook_wait_ms(int attempts, std::optional<int64_t> retry_after_ms, double random);

}  // namespace ft
