#include "aws/retries.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "aws/times.h"
#include "base/backoff.h"

namespace ft::aws {

namespace {

template <size_t N>
bool is_one_of(std::string_view code, const std::array<std::string_view, N>& names) {
    return std::find(names.begin(), names.end(), code) != names.end();
}

constexpr std::array<std::string_view, 16> kThrottled{"Throttling",
                                                      "ThrottlingException",
                                                      "ThrottledException",
                                                      "RequestThrottledException",
                                                      "RequestThrottled",
                                                      "TooManyRequestsException",
                                                      "RequestLimitExceeded",
                                                      "BandwidthLimitExceeded",
                                                      "LimitExceededException",
                                                      "SlowDown",
                                                      "PriorRequestNotComplete",
                                                      "EC2ThrottledException",
                                                      "TransactionInProgressException",
                                                      "ProvisionedThroughputExceededException",
                                                      "KmsThrottled",
                                                      "ConcurrentTagAccess"};
constexpr std::array<std::string_view, 7> kPassing{"RequestTimeout",      "RequestTimeoutException", "InternalError",
                                                   "InternalServerError", "InternalFailure",         "Unavailable",
                                                   "ServiceUnavailable"};
constexpr std::array<std::string_view, 5> kExpired{"ExpiredToken", "ExpiredTokenException", "RequestExpired",
                                                   "BadRequest",  // S3, to HEAD, which has no body to say it in

                                                   "TokenRefreshRequired"};
constexpr std::array<std::string_view, 6> kSkewed{
    "RequestTimeTooSkewed",  "RequestInTheFuture", "InvalidSignatureException",
    "SignatureDoesNotMatch", "AuthFailure",        "Forbidden"};

std::chrono::milliseconds asked_wait(const HttpResponse& response) {
    const auto number = [&](const char* name) -> int64_t {
        const std::string text = response.header(name);
        if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) return 0;
        return std::stoll(text);
    };
    return std::chrono::milliseconds(std::max(number("x-amz-retry-after"), number("retry-after") * 1000));
}

}  // namespace

Verdict judge(const HttpResponse& response, const ServiceError& error, bool good) {
    if (good) return Verdict::good;
    switch (response.failure) {
        case HttpFailure::none:
            break;
        case HttpFailure::untrusted:
        case HttpFailure::refused:
            return Verdict::final_answer;
        default:
            return Verdict::passing;
    }
    // EC2 says RequestExpired both for an old token and for a clock that goes wrong; the clock is looked at first.
    if (is_one_of(error.code, kExpired)) return Verdict::expired;
    if (is_one_of(error.code, kSkewed)) return Verdict::skewed;
    if (is_one_of(error.code, kThrottled) || response.status == 429) return Verdict::throttled;
    // A server's lack of instances does not end within seconds: where to launch is decided elsewhere.
    if (error.code == "InsufficientInstanceCapacity") return Verdict::final_answer;
    if (is_one_of(error.code, kPassing) || response.status >= 500 || response.status == 408) return Verdict::passing;
    return Verdict::final_answer;
}

bool surely_not_done(const HttpResponse& response, Verdict verdict) {
    if (response.failure == HttpFailure::unresolved || response.failure == HttpFailure::unreachable ||
        response.failure == HttpFailure::untrusted) {
        return true;
    }
    if (response.failure != HttpFailure::none) return false;
    return verdict != Verdict::good && verdict != Verdict::passing;
}

std::chrono::milliseconds wait_before(const RetryLimits& limits, int failures, Verdict verdict,
                                      const HttpResponse& response, double chance) {
    const std::chrono::milliseconds first =
        verdict == Verdict::throttled ? limits.first_throttled_wait : limits.first_wait;
    const std::chrono::milliseconds wait(
        jittered_wait_ms(failures, first.count(), limits.longest_wait.count(), chance));
    const std::chrono::milliseconds asked = asked_wait(response);
    return asked <= limits.longest_wait ? std::max(wait, asked) : limits.longest_wait;
}

std::optional<std::chrono::seconds> clock_error(const HttpResponse& response, TimePoint ours) {
    const std::optional<TimePoint> theirs = parse_http_time(response.header("date"));
    if (!theirs) return std::nullopt;
    const auto difference = std::chrono::duration_cast<std::chrono::seconds>(*theirs - ours);
    if (difference < std::chrono::minutes(4) && difference > -std::chrono::minutes(4)) return std::nullopt;
    return difference;
}

}  // namespace ft::aws
