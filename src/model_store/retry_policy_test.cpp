#include "model_store/retry_policy.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

using std::chrono::milliseconds;

HttpResponse answer(long status, const std::string& after = "") {
    HttpResponse response;
    response.status = status;
    if (!after.empty()) response.headers["retry-after"] = after;
    return response;
}

HttpResponse failure(HttpFailure kind) {
    HttpResponse response;
    response.failure = kind;
    return response;
}

TEST(RetryPolicy, WaitsTwiceAsLongEachTimeUpToABound) {
    RetryPolicy policy;
    policy.attempts = 100;
    EXPECT_EQ(wait_before_retry(policy, 1, answer(503), 0), milliseconds(1000));
    EXPECT_EQ(wait_before_retry(policy, 2, answer(503), 0), milliseconds(2000));
    EXPECT_EQ(wait_before_retry(policy, 5, answer(503), 0), milliseconds(16000));
    EXPECT_EQ(wait_before_retry(policy, 6, answer(503), 0), milliseconds(30000));
    EXPECT_EQ(wait_before_retry(policy, 99, answer(503), 0), milliseconds(30000));
    EXPECT_EQ(wait_before_retry(policy, 100, answer(503), 0), std::nullopt);
}

TEST(RetryPolicy, RepeatsOnlyWhatMayPass) {
    const RetryPolicy policy;
    for (const long status : {408, 425, 429, 500, 502, 503, 504})
        EXPECT_TRUE(wait_before_retry(policy, 1, answer(status), 0)) << status;
    for (const long status : {200, 206, 301, 400, 401, 403, 404, 410, 416})
        EXPECT_FALSE(wait_before_retry(policy, 1, answer(status), 0)) << status;
    EXPECT_TRUE(wait_before_retry(policy, 1, failure(HttpFailure::timed_out), 0));
    EXPECT_TRUE(wait_before_retry(policy, 4, failure(HttpFailure::broken), 0));
    EXPECT_FALSE(wait_before_retry(policy, 5, failure(HttpFailure::broken), 0));
    EXPECT_FALSE(wait_before_retry(policy, 1, failure(HttpFailure::untrusted), 0));
    EXPECT_FALSE(wait_before_retry(policy, 1, failure(HttpFailure::refused), 0));
    EXPECT_TRUE(wait_before_retry(policy, 1, failure(HttpFailure::unresolved), 0));
    EXPECT_FALSE(wait_before_retry(policy, 2, failure(HttpFailure::unresolved), 0))
        << "without a network nobody wants to wait";
}

TEST(RetryPolicy, HonoursRetryAfter) {
    const RetryPolicy policy;
    EXPECT_EQ(wait_before_retry(policy, 1, answer(429, "7"), 0), milliseconds(7000));
    EXPECT_EQ(wait_before_retry(policy, 3, answer(429, "1"), 0), milliseconds(4000)) << "never sooner than we would";
    EXPECT_EQ(wait_before_retry(policy, 1, answer(429, "3600"), 0), std::nullopt) << "that is for the user to decide";
    EXPECT_EQ(wait_before_retry(policy, 1, answer(429, "99999999999999999999999"), 0), std::nullopt);
    EXPECT_EQ(wait_before_retry(policy, 1, answer(503, "Thu, 01 Jan 1970 00:01:00 GMT"), 0), milliseconds(60000));
    EXPECT_EQ(wait_before_retry(policy, 1, answer(503, "Thu, 01 Jan 1970 00:01:00 GMT"), 1000), milliseconds(1000))
        << "a past date";
    EXPECT_EQ(wait_before_retry(policy, 1, answer(503, "-5"), 0), milliseconds(1000));
    EXPECT_EQ(wait_before_retry(policy, 1, answer(503, "soon"), 0), milliseconds(1000));
}

}  // namespace
}  // namespace ft
