// What DynamoDB may say while others write, and moto never says.
#include "jobs/aws/job_table.h"

#include <gtest/gtest.h>

#include "aws/testing/expect_error.h"
#include "jobs/aws/job_items.h"

namespace ft::dynamo {
namespace {

using aws::testing::expect_error;
using aws::testing::reply;
using aws::testing::ServiceFixture;

std::string error_body(const std::string& code, const std::string& more = "") {
    return R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + code + R"(","message":"no")" + more + "}";
}
std::string cancelled(const std::string& first, const std::string& second) {
    return error_body("TransactionCanceledException",
                      R"(,"CancellationReasons":[{"Code":")" + first + R"("},{"Code":")" + second + R"("}])");
}
aws::Item row(const std::string& name) {
    aws::Item item = key_of("job_1", name);
    item["token"] = "t1";
    return item;
}
const std::vector<aws::TransactWrite> two_rows = {put_over(row("job"), "t0"), put_new(row("event#1"))};

TEST(JobTableTest, ConflictsAreTriedAgainAfterAWait) {
    ServiceFixture dynamo({reply(400, cancelled("TransactionConflict", "None")),
                           reply(400, cancelled("None", "ThrottlingError")), reply(200, "{}")});
    JobTable table(dynamo.session(), "jobs");
    EXPECT_TRUE(table.write(two_rows).empty());
    EXPECT_EQ(dynamo.server().requests().size(), 3U);
    EXPECT_EQ(dynamo.world.waits().size(), 2U);
    // The same token each time: should the first have been done after all, AWS knows it.
    for (const auto& request : dynamo.server().requests())
        EXPECT_NE(request.body.find(R"("ClientRequestToken":"t1")"), std::string::npos);
    ServiceFixture single({reply(400, error_body("TransactionConflictException")), reply(200, "{}")});
    JobTable other(single.session(), "jobs");
    EXPECT_TRUE(other.write({put_over(row("job"), "t0")}).empty());
    EXPECT_EQ(single.last().headers.at("x-amz-target"), "DynamoDB_20120810.PutItem");
}

TEST(JobTableTest, ConflictsWithoutEndAreAnErrorOfTheNetwork) {
    ServiceFixture dynamo({reply(400, cancelled("TransactionConflict", "None"))});
    JobTable table(dynamo.session(), "jobs");
    expect_error([&] { table.write(two_rows); }, ErrorCode::network, {"table jobs", "again later"});
}

TEST(JobTableTest, RefusedConditionsAreToldByPlace) {
    ServiceFixture dynamo({reply(400, cancelled("None", "ConditionalCheckFailed"))});
    JobTable table(dynamo.session(), "jobs");
    EXPECT_EQ(table.write(two_rows), (JobTable::Refused{1}));
    EXPECT_EQ(dynamo.server().requests().size(), 1U);  // nothing was lost, so nothing is looked up
}

TEST(JobTableTest, WhatStumblesOverItsOwnFirstAttemptIsDone) {
    const std::string ours = R"({"Item":{"job_id":{"S":"job_1"},"row":{"S":"job"},"token":{"S":"t1"}}})";
    const std::string other = R"({"Item":{"job_id":{"S":"job_1"},"row":{"S":"job"},"token":{"S":"t2"}}})";
    for (const bool is_ours : {true, false}) {
        ServiceFixture dynamo({aws::testing::lost_reply(), reply(400, error_body("ConditionalCheckFailedException")),
                               reply(200, is_ours ? ours : other)});
        JobTable table(dynamo.session(), "jobs");
        EXPECT_EQ(table.write({put_over(row("job"), "t0")}), is_ours ? JobTable::Refused() : JobTable::Refused{0});
    }
    ServiceFixture gone(
        {aws::testing::lost_reply(), reply(400, error_body("ConditionalCheckFailedException")), reply(200, "{}")});
    JobTable table(gone.session(), "jobs");
    EXPECT_TRUE(table.write({remove_over("job_1", "job", "t0")}).empty());
}

TEST(JobTableTest, FaultsOfTheTableAreNotTakenForTheJobs) {
    ServiceFixture invalid({reply(400, error_body("ValidationException"))});
    JobTable table(invalid.session(), "jobs");
    expect_error([&] { table.get("job_1", "job"); }, ErrorCode::io, {"table jobs", "ValidationException"});
    expect_error([&] { table.write(two_rows); }, ErrorCode::io, {"ValidationException"});
    expect_error([&] { table.rows("job_1", "event#"); }, ErrorCode::io, {"ValidationException"});
    ServiceFixture denied({reply(400, error_body("AccessDeniedException"))});
    JobTable forbidden(denied.session(), "jobs");
    expect_error([&] { forbidden.get("job_1", "job"); }, ErrorCode::permission, {"AccessDenied"});
}

TEST(JobTableTest, ARowThatIsTooLargeIsNotSent) {
    ServiceFixture dynamo({reply(200, "{}")});
    JobTable table(dynamo.session(), "jobs");
    aws::Item large = row("job");
    large["record"] = std::string(largest_item, 'x');
    expect_error([&] { table.write({put_new(large)}); }, ErrorCode::invalid_argument, {"job_1", "at most 409600"});
    EXPECT_TRUE(dynamo.server().requests().empty());
}

}  // namespace
}  // namespace ft::dynamo
