#include "aws/service_error.h"

#include <gtest/gtest.h>

#include "aws/retries.h"
#include "aws/testing/expect_error.h"

namespace ft::aws {
namespace {

using testing::expect_error;

HttpResponse answer(long status, const std::string& body, std::map<std::string, std::string> headers = {}) {
    HttpResponse response;
    response.status = status;
    response.body = body;
    response.headers = std::move(headers);
    return response;
}

void expect_read(const HttpResponse& response, const std::string& code, const std::string& message,
                 const std::string& request_id) {
    const ServiceError error = read_service_error(response);
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.message, message);
    EXPECT_EQ(error.request_id, request_id);
}

TEST(ServiceError, IsReadFromEachProtocol) {
    expect_read(answer(404,
                       "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>The key.</Message>"
                       "<RequestId>S3ID</RequestId></Error>"),
                "NoSuchKey", "The key", "S3ID");
    expect_read(answer(400,
                       "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>i-1</Message></Error>"
                       "</Errors><RequestID>EC2ID</RequestID></Response>"),
                "InvalidInstanceID.NotFound", "i-1", "EC2ID");
    expect_read(answer(403,
                       "<ErrorResponse xmlns=\"http://x/\"><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                       "<Message>no</Message></Error><RequestId>IAMID</RequestId></ErrorResponse>"),
                "AccessDenied", "no", "IAMID");
    expect_read(answer(400,
                       R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",)"
                       R"("message":"The conditional request failed"})",
                       {{"x-amzn-requestid", "DDBID"}}),
                "ConditionalCheckFailedException", "The conditional request failed", "DDBID");
    expect_read(answer(400, R"({"Message":"gone"})", {{"x-amzn-errortype", "QueueDoesNotExist:http://internal/"}}),
                "QueueDoesNotExist", "gone", "");
}

TEST(ServiceError, ReasonsOfACancelledTransactionAreKept) {
    const ServiceError error =
        read_service_error(answer(400, R"({"__type":"x#TransactionCanceledException","CancellationReasons":)"
                                       R"([{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"m"},7]})"));
    EXPECT_EQ(error.reasons, (std::vector<std::string>{"None", "ConditionalCheckFailed", ""}));
}

TEST(ServiceError, WhatIsNotAmazonsIsSaidToBeSo) {
    expect_read(answer(502, "<html><body>Bad gateway</body></html>", {{"content-type", "text/html"}}), "HTTP 502",
                "the answer is not AWS's (text/html)", "");
    expect_read(answer(404, "", {{"x-amz-request-id", "ID"}}), "NotFound", "", "ID");
    expect_read(answer(500, "\xff\xfe{"), "HTTP 500", "the answer is not AWS's", "");
}

TEST(ServiceError, MessagesAreOneShortLineWithoutWhatWasSigned) {
    const ServiceError error = read_service_error(answer(
        403, R"({"__type":"InvalidSignatureException","message":"It does not match.\n\nThe Canonical String for this)"
             R"( request should have been\n'POST\nx-amz-security-token:canary-session-token'"})"));
    EXPECT_EQ(error.message, "It does not match");
    std::string swedish;
    for (int i = 0; i < 1000; ++i) swedish += "å";
    const ServiceError cut = read_service_error(answer(400, R"({"__type":"X","message":")" + swedish + "\"}"));
    EXPECT_EQ(cut.message, swedish.substr(0, 600));
}

TEST(ServiceError, HidesInAGoodAnswer) {
    EXPECT_TRUE(is_error_in_disguise("\n \n<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>"));
    EXPECT_TRUE(
        is_error_in_disguise("<?xml version=\"1.0\"?>" + std::string(1000, ' ') + "<Error><Code>X</Code></Error>"));
    EXPECT_TRUE(is_error_in_disguise("<Response><Errors><Error><Code>X</Code></Error></Errors></Response>"));
    EXPECT_FALSE(
        is_error_in_disguise("<ListBucketResult><Contents><Key>&lt;Error></Key></Contents></ListBucketResult>"));
    EXPECT_FALSE(is_error_in_disguise("{\"a\": \"<Error><Code>x</Code></Error>\"}"));
    EXPECT_FALSE(is_error_in_disguise(""));
}

TEST(AwsError, SaysWhatWhereAndWhatToDo) {
    const auto fail = [](long status, const std::string& body) {
        const HttpResponse response = answer(status, body, {{"x-amzn-requestid", "REQ1"}});
        throw_aws_error({"DynamoDB", "GetItem", "table jobs", 3, true}, read_service_error(response), response,
                        "https://dynamodb.eu-north-1.amazonaws.com");
    };
    const auto json = [](const std::string& code) { return R"({"__type":")" + code + R"(","message":"words"})"; };
    expect_error([&] { fail(400, json("AccessDeniedException")); }, ErrorCode::permission,
                 {"DynamoDB GetItem (table jobs): AccessDeniedException (HTTP 400, request REQ1, 3 attempts): words; ",
                  "policy"});
    expect_error([&] { fail(400, json("ResourceNotFoundException")); }, ErrorCode::not_found, {"check its name"});
    expect_error([&] { fail(400, json("ThrottlingException")); }, ErrorCode::network,
                 {"try again later", "eu-north-1"});
    expect_error([&] { fail(400, json("ExpiredTokenException")); }, ErrorCode::permission, {"renew them"});
    expect_error([&] { fail(400, json("UnrecognizedClientException")); }, ErrorCode::permission, {"AWS_ACCESS_KEY_ID"});
    expect_error([&] { fail(400, json("ValidationException")); }, ErrorCode::invalid_argument, {"check the request"});
    expect_error([&] { fail(503, "<html>"); }, ErrorCode::network, {"HTTP 503"});
    try {
        fail(400, json("AccessDeniedException"));
    } catch (const AwsError& error) {
        EXPECT_EQ(error.service(), "DynamoDB");
        EXPECT_EQ(error.operation(), "GetItem");
        EXPECT_EQ(error.aws_code(), "AccessDeniedException");
        EXPECT_EQ(error.request_id(), "REQ1");
        EXPECT_EQ(error.http_status(), 400);
        EXPECT_EQ(error.attempts(), 3);
        EXPECT_TRUE(error.may_have_been_done());
    }
}

Verdict judged(long status, const std::string& code) {
    ServiceError error;
    error.code = code;
    return judge(answer(status, ""), error, false);
}

TEST(Retries, KnowWhatMayPass) {
    EXPECT_EQ(judged(500, "HTTP 500"), Verdict::passing);
    EXPECT_EQ(judged(200, "InternalError"), Verdict::passing);
    EXPECT_EQ(judged(400, "RequestTimeout"), Verdict::passing);
    EXPECT_EQ(judged(503, "SlowDown"), Verdict::throttled);
    EXPECT_EQ(judged(400, "ProvisionedThroughputExceededException"), Verdict::throttled);
    EXPECT_EQ(judged(503, "RequestLimitExceeded"), Verdict::throttled);
    EXPECT_EQ(judged(429, "HTTP 429"), Verdict::throttled);
    EXPECT_EQ(judged(400, "ExpiredToken"), Verdict::expired);
    EXPECT_EQ(judged(403, "RequestTimeTooSkewed"), Verdict::skewed);
    EXPECT_EQ(judged(400, "ConditionalCheckFailedException"), Verdict::final_answer);
    EXPECT_EQ(judged(500, "InsufficientInstanceCapacity"), Verdict::final_answer);
    EXPECT_EQ(judged(404, "NoSuchKey"), Verdict::final_answer);
    HttpResponse broken;
    broken.failure = HttpFailure::broken;
    EXPECT_EQ(judge(broken, {}, false), Verdict::passing);
    EXPECT_FALSE(surely_not_done(broken, Verdict::passing));
    broken.failure = HttpFailure::unreachable;
    EXPECT_TRUE(surely_not_done(broken, Verdict::passing));
    broken.failure = HttpFailure::untrusted;
    EXPECT_EQ(judge(broken, {}, false), Verdict::final_answer);
    EXPECT_TRUE(surely_not_done(answer(400, ""), Verdict::throttled));
    EXPECT_FALSE(surely_not_done(answer(500, ""), Verdict::passing));
}

TEST(Retries, WaitAnythingUpToABoundThatDoubles) {
    using std::chrono::milliseconds;
    const RetryLimits limits;
    const HttpResponse plain = answer(500, "");
    EXPECT_EQ(wait_before(limits, 1, Verdict::passing, plain, 0), milliseconds(0));
    EXPECT_EQ(wait_before(limits, 1, Verdict::passing, plain, 0.5), milliseconds(50));
    EXPECT_EQ(wait_before(limits, 4, Verdict::passing, plain, 0.5), milliseconds(400));
    EXPECT_EQ(wait_before(limits, 4, Verdict::throttled, plain, 0.5), milliseconds(2000));
    EXPECT_EQ(wait_before(limits, 60, Verdict::passing, plain, 1), milliseconds(20000));
    EXPECT_EQ(wait_before(limits, 1, Verdict::throttled, answer(503, "", {{"retry-after", "7"}}), 0),
              milliseconds(7000));
    EXPECT_EQ(wait_before(limits, 1, Verdict::throttled, answer(503, "", {{"retry-after", "999999"}}), 0),
              milliseconds(20000));
    EXPECT_EQ(wait_before(limits, 1, Verdict::passing, answer(503, "", {{"retry-after", "soon"}}), 0), milliseconds(0));
}

TEST(Retries, SeeAWrongClock) {
    const TimePoint ours{std::chrono::seconds(1440938160)};
    const auto told = [&](const char* date) { return clock_error(answer(403, "", {{"date", date}}), ours); };
    EXPECT_FALSE(told("Sun, 30 Aug 2015 12:36:00 GMT"));
    EXPECT_FALSE(told("Sun, 30 Aug 2015 12:39:00 GMT"));
    EXPECT_FALSE(told("nonsense"));
    EXPECT_EQ(told("Sun, 30 Aug 2015 12:46:00 GMT"), std::chrono::seconds(600));
    EXPECT_EQ(told("Sun, 30 Aug 2015 11:36:00 GMT"), std::chrono::seconds(-3600));
}

}  // namespace
}  // namespace ft::aws
