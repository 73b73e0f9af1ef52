// Tables that are slow to come, which moto's never are.
#include "jobs/aws/table_layout.h"

#include <gtest/gtest.h>

#include "aws/testing/expect_error.h"

namespace ft::dynamo {
namespace {

using aws::testing::expect_error;
using aws::testing::reply;
using aws::testing::ServiceFixture;

std::string described(const std::string& status, const std::string& hash = "job_id") {
    return R"({"Table":{"TableStatus":")" + status + R"(","KeySchema":[{"AttributeName":")" + hash +
           R"(","KeyType":"HASH"},{"AttributeName":"row","KeyType":"RANGE"}],"AttributeDefinitions":[
           {"AttributeName":")" +
           hash + R"(","AttributeType":"S"},{"AttributeName":"row","AttributeType":"S"}],
           "GlobalSecondaryIndexes":[{"IndexName":"by-list"},{"IndexName":"by-state"}]}})";
}
const std::string missing = R"({"__type":"ResourceNotFoundException","message":"none"})";
const std::string no_ttl = R"({"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}})";
const std::string no_backups = R"({"__type":"ContinuousBackupsUnavailableException","message":"wait"})";
const std::string not_recovered =
    R"({"ContinuousBackupsDescription":{"PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}})";

std::vector<std::string> operations(ServiceFixture& dynamo) {
    std::vector<std::string> all;
    for (const auto& request : dynamo.server().requests()) {
        const std::string& target = request.headers.at("x-amz-target");
        all.push_back(target.substr(target.find('.') + 1));
    }
    return all;
}

TEST(TableLayout, ATableIsMadeWaitedForAndCompleted) {
    ServiceFixture dynamo({reply(400, missing), reply(200, "{}"), reply(400, missing),
                           reply(200, described("CREATING")), reply(200, described("ACTIVE")), reply(200, no_ttl),
                           reply(200, "{}"), reply(400, no_backups), reply(200, not_recovered), reply(200, "{}")});
    const auto session = dynamo.session();
    aws::DynamoDbClient client(session);
    prepare_table(client, session->surroundings(), "jobs");
    EXPECT_EQ(operations(dynamo), (std::vector<std::string>{"DescribeTable", "CreateTable", "DescribeTable",
                                                            "DescribeTable", "DescribeTable", "DescribeTimeToLive",
                                                            "UpdateTimeToLive", "DescribeContinuousBackups",
                                                            "DescribeContinuousBackups", "UpdateContinuousBackups"}));
}

TEST(TableLayout, SomebodyElseWasAMomentEarlier) {
    const std::string in_use = R"({"__type":"ResourceInUseException","message":"there"})";
    const std::string ttl = R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}})";
    const std::string recovered =
        R"({"ContinuousBackupsDescription":{"PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}})";
    ServiceFixture dynamo({reply(400, missing), reply(400, in_use), reply(200, described("ACTIVE")), reply(200, ttl),
                           reply(200, recovered)});
    const auto session = dynamo.session();
    aws::DynamoDbClient client(session);
    prepare_table(client, session->surroundings(), "jobs");
    EXPECT_EQ(dynamo.server().requests().size(), 5U);
}

TEST(TableLayout, OtherKeysAreRefused) {
    ServiceFixture dynamo({reply(200, described("ACTIVE", "id"))});
    const auto session = dynamo.session();
    aws::DynamoDbClient client(session);
    expect_error([&] { prepare_table(client, session->surroundings(), "jobs"); }, ErrorCode::invalid_argument,
                 {"table jobs", "name another table"});
}

TEST(TableLayout, ATableThatNeverComes) {
    ServiceFixture dynamo({reply(200, described("CREATING"))});
    const auto session = dynamo.session();
    aws::DynamoDbClient client(session);
    expect_error([&] { prepare_table(client, session->surroundings(), "jobs"); }, ErrorCode::network,
                 {"table jobs", "is not ready after 300 s"});
}

}  // namespace
}  // namespace ft::dynamo
