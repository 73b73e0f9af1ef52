#pragma once
// When a request is worth another try, and after what wait. Pure: time and failures come as arguments.
#include <chrono>
#include <ctime>
#include <optional>

#include "net/http_client.h"

namespace ft {

struct RetryPolicy {
    int attempts = 5;  ///< in all, of what may pass by itself: 408, 425, 429, 5xx, broken, timed out
    int unreachable_attempts =
        2;  ///< where there is no address or nobody answers: most often there is no network at all
    std::chrono::milliseconds first_wait{1000}, longest_wait{30000};  ///< doubles from one to the other
    std::chrono::milliseconds longest_retry_after{120000};            ///< asked to wait longer, we give up and say so
};

/// `failures` in a row so far, the one of `response` included. Nothing: give up.
std::optional<std::chrono::milliseconds> wait_before_retry(const RetryPolicy& policy, int failures,
                                                           const HttpResponse& response, std::time_t now);

}  // namespace ft
