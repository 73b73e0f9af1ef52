#pragma once
// When a request to a service is worth another try, and after what wait. Pure.
#include <chrono>
#include <optional>

#include "aws/service_error.h"
#include "aws/surroundings.h"

namespace ft::aws {

struct RetryLimits {
    int attempts = 5;                                     ///< in all
    std::chrono::milliseconds first_wait{100};            ///< upper bound of the first wait; doubles each time …
    std::chrono::milliseconds first_throttled_wait{500};  ///< … and this one where the service asks for fewer requests
    std::chrono::milliseconds longest_wait{20000};        ///< … up to this
    std::chrono::milliseconds longest_in_all{120000};     ///< no further attempt begins later than this after the first
};

enum class Verdict {
    good,
    passing,       ///< may go away by itself: 5xx, a broken connection
    throttled,     ///< fewer requests are wanted
    expired,       ///< other credentials are needed
    skewed,        ///< perhaps our clock is wrong
    final_answer,  ///< asking again gives the same
};

/// `error` as read from `response`; ignored when that is good.
Verdict judge(const HttpResponse& response, const ServiceError& error, bool good);

/// True when no part of the request can have been carried out: it was refused, or never arrived.
bool surely_not_done(const HttpResponse& response, Verdict verdict);

/// Full jitter: anything from 0 to the bound of this failure (the first is 1), `chance` from [0, 1) says where; not
/// less than the answer's Retry-After or x-amz-retry-after, when that is below longest_wait.
std::chrono::milliseconds wait_before(const RetryLimits& limits, int failures, Verdict verdict,
                                      const HttpResponse& response, double chance);

/// How much to add to our clock, when the answer's Date says that it is more than four minutes wrong.
std::optional<std::chrono::seconds> clock_error(const HttpResponse& response, TimePoint ours);

}  // namespace ft::aws
