#include "model_store/retry_policy.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/backoff.h"

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

std::optional<std::chrono::seconds> retry_after(const HttpResponse& response, std::time_t now) {
    const std::string text = response.header("retry-after");
    if (text.empty()) return std::nullopt;
    constexpr long long kDay = 86400;
    if (text.find_first_not_of("0123456789") == std::string::npos) {
        return std::chrono::seconds(text.size() > 6 ? kDay : std::min<long long>(std::stoll(text), kDay));
    }
    const std::time_t date = curl_getdate(text.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    return std::chrono::seconds(std::clamp<long long>(static_cast<long long>(date) - now, 0, kDay));
}

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
