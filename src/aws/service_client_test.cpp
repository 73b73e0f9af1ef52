// The way of every request, against a server that misbehaves.
#include "aws/service_client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "aws/dynamodb_client.h"
#include "aws/testing/expect_error.h"
#include "aws/testing/test_session.h"
#include "aws/times.h"

namespace ft::aws {
namespace {

using namespace testing;

constexpr const char* kGood = R"({"Item":{"id":{"S":"1"}}})";

std::string json_error(const std::string& code) {
    return R"({"__type":"x#)" + code + R"(","message":"said the service"})";
}

std::optional<Item> get(ServiceFixture& fixture) {
    return DynamoDbClient(fixture.session()).get_item("jobs", {{"id", "1"}});
}

TEST(ServiceClient, SendsASignedRequest) {
    ServiceFixture fixture({reply(200, kGood)});
    ASSERT_TRUE(get(fixture));
    const TestRequest request = fixture.last();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.headers.at("x-amz-target"), "DynamoDB_20120810.GetItem");
    EXPECT_EQ(request.headers.at("content-type"), "application/x-amz-json-1.0");
    EXPECT_EQ(request.headers.at("x-amz-security-token"), kTestToken);
    EXPECT_EQ(request.body, R"({"ConsistentRead":true,"Key":{"id":{"S":"1"}},"TableName":"jobs"})");
    EXPECT_TRUE(is_signed_rightly(request, "dynamodb", "eu-north-1", kTestSecret));
    EXPECT_FALSE(is_signed_rightly(request, "dynamodb", "eu-north-1", "another key"));
}

TEST(ServiceClient, TriesAgainAfterWhatMayPass) {
    TestReply cut = reply(200, kGood);
    cut.break_after = 10;
    ServiceFixture fixture({reply(500, "<html>oops</html>"), reply(400, json_error("ThrottlingException")),
                            lost_reply(), cut, reply(200, kGood)});
    EXPECT_TRUE(get(fixture));
    EXPECT_EQ(fixture.server().requests().size(), 5U);
    using std::chrono::milliseconds;
    EXPECT_EQ(fixture.world.waits(),
              (std::vector<milliseconds>{milliseconds(50), milliseconds(500), milliseconds(200), milliseconds(400)}));
}

TEST(ServiceClient, GivesUpAndSaysWhy) {
    ServiceFixture fixture({reply(503, "<html>oops</html>", {{"Content-Type", "text/html"}})});
    expect_error([&] { get(fixture); }, ErrorCode::network,
                 {"DynamoDB GetItem (table jobs)", "HTTP 503", "5 attempts", "not AWS's (text/html)"});
    EXPECT_EQ(fixture.server().requests().size(), 5U);
}

TEST(ServiceClient, DoesNotRepeatAFinalAnswer) {
    ServiceFixture fixture({reply(400, json_error("ValidationException"), {{"x-amzn-RequestId", "ID7"}})});
    expect_error([&] { get(fixture); }, ErrorCode::invalid_argument,
                 {"ValidationException", "ID7", "said the service"});
    EXPECT_EQ(fixture.server().requests().size(), 1U);
}

TEST(ServiceClient, StopsTryingWhenItHasTakenTooLong) {
    ServiceFixture fixture({reply(503, "")});
    const auto session = fixture.session();
    ServiceFixture* held = &fixture;
    SessionOptions options;
    options.surroundings = fixture.world.surroundings();
    options.surroundings.wait = [held](std::chrono::milliseconds) { held->world.pass(std::chrono::minutes(3)); };
    DynamoDbClient client(std::make_shared<Session>(std::move(options)));
    EXPECT_THROW(client.get_item("jobs", {{"id", "1"}}), AwsError);
    EXPECT_EQ(fixture.server().requests().size(), 2U);
}

TEST(ServiceClient, RepeatsAnIncrementOnlyWhenItWasNotDone) {
    UpdateItem increment;
    increment.table = "jobs";
    increment.key = {{"id", "1"}};
    increment.update = "ADD n :one";
    increment.values = {{":one", 1}};
    increment.repeatable = false;
    ServiceFixture lost({lost_reply(), reply(200, "{}")});
    try {
        DynamoDbClient(lost.session()).update_item(increment);
        ADD_FAILURE() << "no error";
    } catch (const AwsError& error) {
        EXPECT_TRUE(error.may_have_been_done());
        EXPECT_EQ(error.http_status(), 0);
    }
    EXPECT_EQ(lost.server().requests().size(), 1U);
    ServiceFixture throttled({reply(400, json_error("ThrottlingException")), reply(200, "{}")});
    DynamoDbClient(throttled.session()).update_item(increment);
    EXPECT_EQ(throttled.server().requests().size(), 2U);
}

TEST(ServiceClient, TellsThatALostAttemptMayHaveFulfilledTheCondition) {
    ServiceFixture fixture({lost_reply(), reply(400, json_error("ConditionalCheckFailedException"))});
    try {
        DynamoDbClient(fixture.session()).put_item("jobs", {{"id", "1"}}, {"attribute_not_exists(id)", {}, {}});
        ADD_FAILURE() << "no error";
    } catch (const AwsError& error) {
        EXPECT_EQ(error.aws_code(), "ConditionalCheckFailedException");
        EXPECT_TRUE(error.may_have_been_done());
    }
    ServiceFixture plain({reply(400, json_error("ConditionalCheckFailedException"))});
    try {
        DynamoDbClient(plain.session()).put_item("jobs", {{"id", "1"}}, {"attribute_not_exists(id)", {}, {}});
        ADD_FAILURE() << "no error";
    } catch (const AwsError& error) {
        EXPECT_FALSE(error.may_have_been_done());
    }
}

TEST(ServiceClient, CorrectsTheClockOnceForTheWholeSession) {
    ServiceFixture fixture([](const TestRequest& request) {
        // The service is an hour ahead of us.
        if (request.headers.at("x-amz-date") == "20260228T130000Z") return reply(200, kGood);
        return reply(400, json_error("InvalidSignatureException"), {{"Date", "Sat, 28 Feb 2026 13:00:00 GMT"}});
    });
    const auto session = fixture.session();
    DynamoDbClient client(session);
    EXPECT_TRUE(client.get_item("jobs", {{"id", "1"}}));
    EXPECT_TRUE(client.get_item("jobs", {{"id", "1"}}));
    EXPECT_TRUE(DynamoDbClient(session).get_item("jobs", {{"id", "1"}}));
    EXPECT_EQ(fixture.server().requests().size(), 4U);
    EXPECT_TRUE(fixture.world.waits().empty());
}

TEST(ServiceClient, AWrongKeyIsNoWrongClock) {
    ServiceFixture fixture(
        {reply(403, json_error("InvalidSignatureException"), {{"Date", "Sat, 28 Feb 2026 12:01:00 GMT"}})});
    expect_error([&] { get(fixture); }, ErrorCode::permission, {"keys are not accepted"});
    EXPECT_EQ(fixture.server().requests().size(), 1U);
}

TEST(ServiceClient, RenewsExpiredCredentialsOnce) {
    std::atomic<int> count{0};
    ServiceFixture container([&count](const TestRequest&) {
        return reply(200,
                     fmt::format(R"({{"AccessKeyId":"ASID{}","SecretAccessKey":"s","Token":"t{}"}})", ++count, count));
    });
    ServiceFixture fixture([](const TestRequest& request) {
        const bool second = request.headers.at("authorization").find("ASID2/") != std::string::npos;
        return second ? reply(200, kGood) : reply(400, json_error("ExpiredTokenException"));
    });
    DynamoDbClient client(
        fixture.session({{"AWS_ACCESS_KEY_ID", ""},
                         {"AWS_SECRET_ACCESS_KEY", ""},
                         {"AWS_CONTAINER_CREDENTIALS_FULL_URI", container.server().url() + "/creds"}}));
    EXPECT_TRUE(client.get_item("jobs", {{"id", "1"}}));
    EXPECT_EQ(fixture.server().requests().size(), 2U);
    EXPECT_EQ(container.server().requests().size(), 2U);
}

TEST(ServiceClient, ExpiredKeysThatCannotBeRenewedAreAnError) {
    ServiceFixture fixture({reply(400, json_error("ExpiredTokenException"))});
    expect_error([&] { get(fixture); }, ErrorCode::permission, {"expired", "renew"});
    EXPECT_EQ(fixture.server().requests().size(), 1U);
}

TEST(ServiceClient, NeverRepeatsSecrets) {
    ServiceFixture fixture({reply(
        403, fmt::format(R"({{"__type":"AccessDenied","message":"token {} key {} x"}})", kTestToken, kTestSecret))});
    expect_error([&] { get(fixture); }, ErrorCode::permission, {"token … key … x"});
}

TEST(ServiceClient, AnAnswerOfSomebodyElseIsAnError) {
    ServiceFixture fixture({reply(200, "<html>please log in</html>", {{"Content-Type", "text/html"}})});
    expect_error([&] { get(fixture); }, ErrorCode::network, {"not DynamoDB's answer", "AWS_ENDPOINT_URL"});
    ServiceFixture redirect({reply(302, "", {{"Location", "http://127.0.0.1:1/"}})});
    expect_error([&] { get(redirect); }, ErrorCode::invalid_argument, {"HTTP 302"});
    EXPECT_EQ(redirect.server().requests().size(), 1U);
}

TEST(ServiceClient, SaysWhenNobodyIsThere) {
    ServiceFixture fixture({reply(200, kGood)});
    DynamoDbClient client(fixture.session({{"AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"}}));
    expect_error(
        [&] {
            client.get_item("jobs", {{"id", "1"}});
        },
        ErrorCode::network, {"127.0.0.1 takes no connection", "AWS_ENDPOINT_URL"});
}

TEST(ServiceClient, AnAnswerThatIsTooLongIsNoNetworkTrouble) {
    ServiceFixture fixture({reply(200, std::string(2000, 'x'))});
    const auto usual = fixture.session();
    SessionOptions options;
    options.surroundings = fixture.world.surroundings();
    options.http.longest_body = 1000;
    DynamoDbClient client(std::make_shared<Session>(std::move(options)));
    expect_error(
        [&] {
            client.get_item("jobs", {{"id", "1"}});
        },
        ErrorCode::network, {"more than is taken", "ask for less"});
    EXPECT_EQ(fixture.server().requests().size(), 1U);
}

TEST(ServiceClient, ABucketElsewhereIsSaidToBeThere) {
    ServiceFixture fixture(
        {reply(301, "<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>"), reply(301)});
    ServiceClient client(fixture.session(), {"S3", "s3", "S3", "s3"});
    ServiceRequest request;
    request.operation = "GetObject";
    expect_error([&] { client.call(request); }, ErrorCode::invalid_argument, {"another region", "AWS_REGION"});
    request.method = "HEAD";
    request.body.reset();
    expect_error([&] { client.call(request); }, ErrorCode::invalid_argument, {"another region", "AWS_REGION"});
}

TEST(ServiceClient, RefusesLineBreaksInHeaders) {
    ServiceFixture fixture({reply(200, "")});
    ServiceClient client(fixture.session(), {"S3", "s3", "S3", "s3"});
    ServiceRequest request;
    request.operation = "PutObject";
    request.headers = {{"x-amz-meta-a", "b\r\nx-amz-acl: public-read"}};
    expect_error([&] { client.call(request); }, ErrorCode::invalid_argument, {"x-amz-meta-a", "line break"});
    EXPECT_TRUE(fixture.server().requests().empty());
}

TEST(Session, EndpointsComeFromTheEnvironment) {
    const auto endpoint = [](std::map<std::string, std::string> variables) {
        variables["AWS_REGION"] = variables["AWS_REGION"].empty() ? "eu-north-1" : variables["AWS_REGION"];
        MadeUpWorld world;
        world.variables = std::move(variables);
        SessionOptions options;
        options.surroundings = world.surroundings();
        return Session(std::move(options)).endpoint("monitoring", "CLOUDWATCH");
    };
    EXPECT_EQ(endpoint({}), "https://monitoring.eu-north-1.amazonaws.com");
    EXPECT_EQ(endpoint({{"AWS_REGION", "cn-north-1"}}), "https://monitoring.cn-north-1.amazonaws.com.cn");
    EXPECT_EQ(endpoint({{"AWS_ENDPOINT_URL", "http://127.0.0.1:5000/"}}), "http://127.0.0.1:5000");
    EXPECT_EQ(endpoint({{"AWS_ENDPOINT_URL", "http://a:1"}, {"AWS_ENDPOINT_URL_CLOUDWATCH", "http://b:2"}}),
              "http://b:2");
    EXPECT_EQ(endpoint({{"AWS_ENDPOINT_URL", "http://a:1"}, {"AWS_ENDPOINT_URL_S3", "http://b:2"}}), "http://a:1");
    EXPECT_EQ(endpoint({{"AWS_ENDPOINT_URL", "http://a:1"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}}),
              "https://monitoring.eu-north-1.amazonaws.com");
    for (const char* wrong : {"127.0.0.1:5000", "ftp://a", "http://", "http://user@host", "http://a b"}) {
        expect_error(
            [&] {
                endpoint({{"AWS_ENDPOINT_URL_CLOUDWATCH", wrong}});
            },
            ErrorCode::invalid_argument, {"AWS_ENDPOINT_URL_CLOUDWATCH"});
    }
    expect_error([&] { endpoint({{"AWS_REGION", "evil.example/"}}); }, ErrorCode::invalid_argument, {"no AWS region"});
}

}  // namespace
}  // namespace ft::aws
