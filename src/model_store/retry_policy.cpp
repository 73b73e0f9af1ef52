#include "model_store/retry_policy.h"

#include <algorithm>

#include "base/backoff.h"
#include "net/retry_after.h"

namespace ft {

namespace {

bool may_pass_by_itself(const HttpResponse& response) {
    switch (response.failure) {
        case HttpFailure::unresolved:
        case HttpFailure::unreachable:
        case HttpFailure::timed_out:
        case HttpFailure::broken:
            return true;
        case HttpFailure::untrusted:
        case HttpFailure::refused:
            return false;
        case HttpFailure::none:
            break;
    }
    const long status = response.status;
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

}  // namespace

std::optional<std::chrono::milliseconds> wait_before_retry(const RetryPolicy& policy, int failures,
                                                           const HttpResponse& response, std::time_t now) {
    if (response.ok() || !may_pass_by_itself(response)) return std::nullopt;
    const bool unreachable =
        response.failure == HttpFailure::unresolved || response.failure == HttpFailure::unreachable;
    if (failures >= (unreachable ? policy.unreachable_attempts : policy.attempts)) return std::nullopt;
    std::chrono::milliseconds wait(doubled_wait_ms(failures, policy.first_wait.count(), policy.longest_wait.count()));
    if (response.failure == HttpFailure::none) {
        const auto asked = retry_after(response, now);
        if (asked && *asked > policy.longest_retry_after) return std::nullopt;
        if (asked) wait = std::max<std::chrono::milliseconds>(wait, *asked);
    }
    return wait;
}

}  // namespace ft
