// DynamoDB, SQS, SSM and CloudWatch: what is sent, and how answers are understood.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "aws/cloudwatch_client.h"
#include "aws/dynamodb_client.h"
#include "aws/sqs_client.h"
#include "aws/ssm_client.h"
#include "aws/testing/expect_error.h"
#include "aws/testing/test_session.h"

namespace ft::aws {
namespace {

using namespace testing;
using nlohmann::json;

std::string short_json_error(const std::string& code) {
    return R"({"__type":"x#)" + code + R"(","message":"m"})";
}

TEST(DynamoDb, QueriesAllPages) {
    ServiceFixture fixture({reply(200, R"({"Items":[{"id":{"S":"1"}}],"LastEvaluatedKey":{"id":{"S":"1"}}})"),
                            reply(200, R"({"Items":[],"LastEvaluatedKey":{"id":{"S":"2"}}})"),
                            reply(200, R"({"Items":[{"id":{"S":"3"}}]})")});
    QueryItems query;
    query.table = "jobs";
    query.index = "by-kind";
    query.key_condition = "#s = :s";
    query.names = {{"#s", "state"}};
    query.values = {{":s", "RUNNING"}};
    std::string ids;
    DynamoDbClient client(fixture.session());
    client.query(query, [&](const Item& item) {
        ids += item.at("id").text();
        return true;
    });
    EXPECT_EQ(ids, "13");
    const json second = json::parse(fixture.server().requests().at(1).body);
    EXPECT_EQ(second, json::parse(R"({"TableName":"jobs","IndexName":"by-kind","KeyConditionExpression":"#s = :s",
        "ExpressionAttributeNames":{"#s":"state"},"ExpressionAttributeValues":{":s":{"S":"RUNNING"}},
        "ScanIndexForward":true,"ExclusiveStartKey":{"id":{"S":"1"}}})"));
}

TEST(DynamoDb, TransactionsHaveATokenThatRetriesKeep) {
    ServiceFixture fixture({lost_reply(), reply(200, "{}")});
    TransactWrite update;
    update.kind = TransactWrite::Kind::update;
    update.table = "jobs";
    update.key = {{"id", "1"}};
    update.update = "SET a = :a";
    update.condition = "fence = :f";
    update.values = {{":a", 1}, {":f", 2}};
    TransactWrite put;
    put.table = "jobs";
    put.item = {{"id", "2"}};
    put.condition = "attribute_not_exists(id)";
    TransactWrite check = update;
    check.kind = TransactWrite::Kind::check;
    TransactWrite remove = check;
    remove.kind = TransactWrite::Kind::remove;
    DynamoDbClient(fixture.session()).transact_write({update, put, check, remove});
    ASSERT_EQ(fixture.server().requests().size(), 2U);
    EXPECT_EQ(fixture.server().requests()[0].body, fixture.server().requests()[1].body);
    const json sent = json::parse(fixture.last().body);
    EXPECT_EQ(sent.at("ClientRequestToken").get<std::string>().size(), 32U);
    EXPECT_EQ(sent.at("TransactItems").at(0).at("Update").at("UpdateExpression"), "SET a = :a");
    EXPECT_EQ(sent.at("TransactItems").at(1).at("Put").at("Item"), json::parse(R"({"id":{"S":"2"}})"));
    EXPECT_EQ(sent.at("TransactItems").at(2).at("ConditionCheck").count("UpdateExpression"), 0U);
    EXPECT_EQ(sent.at("TransactItems").at(3).at("Delete").at("Key"), json::parse(R"({"id":{"S":"1"}})"));
}

TEST(DynamoDb, ACancelledTransactionSaysWhichPart) {
    ServiceFixture fixture(
        {reply(400, R"({"__type":"x#TransactionCanceledException","message":"m",)"
                    R"("CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed"}]})")});
    try {
        DynamoDbClient(fixture.session()).transact_write({}, "token");
        ADD_FAILURE() << "no error";
    } catch (const AwsError& error) {
        EXPECT_EQ(error.reasons(), (std::vector<std::string>{"None", "ConditionalCheckFailed"}));
    }
}

TEST(DynamoDb, TablesAreMadeAndLookedAt) {
    ServiceFixture fixture(
        {reply(400, short_json_error("ResourceNotFoundException")), reply(200, "{}"),
         reply(200, R"({"Table":{"TableStatus":"ACTIVE","GlobalSecondaryIndexes":[{"IndexName":"i"}]}})"),
         reply(200, R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}})"),
         reply(200, R"({"Table":{}})")});
    DynamoDbClient client(fixture.session());
    EXPECT_FALSE(client.describe_table("jobs"));
    TableIndex by_state;
    by_state.name = "i";
    by_state.hash.name = "state";
    by_state.range = KeyColumn{"lease", 'N'};
    TableLayout layout;
    layout.name = "jobs";
    layout.hash.name = "id";
    layout.indexes.push_back(by_state);
    layout.tags["app"] = "x";
    client.create_table(layout);
    const json sent = json::parse(fixture.last().body);
    EXPECT_EQ(sent.at("AttributeDefinitions").size(), 3U);
    EXPECT_EQ(sent.at("BillingMode"), "PAY_PER_REQUEST");
    EXPECT_EQ(sent.at("GlobalSecondaryIndexes").at(0).at("KeySchema").at(1),
              json::parse(R"({"AttributeName":"lease","KeyType":"RANGE"})"));
    const auto state = client.describe_table("jobs");
    ASSERT_TRUE(state);
    EXPECT_EQ(state->status, "ACTIVE");
    EXPECT_EQ(state->indexes, std::vector<std::string>{"i"});
    client.set_time_to_live("jobs", "ttl");  // is set already: nothing to update
    EXPECT_EQ(fixture.server().requests().size(), 4U);
    expect_error([&] { client.describe_table("jobs"); }, ErrorCode::network, {"without a status"});
}

TEST(DynamoDb, TextThatIsNotUtf8IsRefusedBeforeItIsSent) {
    ServiceFixture fixture({reply(200, "{}")});
    expect_error(
        [&] {
            DynamoDbClient(fixture.session()).put_item("jobs", {{"id", "\xff"}});
        },
        ErrorCode::invalid_argument, {"not UTF-8"});
    EXPECT_TRUE(fixture.server().requests().empty());
}

TEST(Sqs, ReceivesWithTimesAndDigests) {
    ServiceFixture fixture(
        {reply(200, R"({"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":"hello",)"
                    R"("MD5OfBody":"5d41402abc4b2a76b9719d911017c592","Attributes":)"
                    R"({"ApproximateReceiveCount":"3","SentTimestamp":"1440938160000"}}]})"),
         reply(200, "{}"),
         reply(200, R"({"Messages":[{"Body":"hell0","MD5OfBody":"5d41402abc4b2a76b9719d911017c592"}]})"),
         reply(400, short_json_error("QueueDoesNotExist"))});
    SqsClient client(fixture.session());
    const auto receive = [&] {
        return client.receive("http://x/1/q", 10, std::chrono::seconds(20), std::chrono::seconds(60));
    };
    const std::vector<QueueMessage> messages = receive();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].receipt_handle, "r");
    EXPECT_EQ(messages[0].receive_count, 3);
    EXPECT_EQ(messages[0].first_sent, TimePoint(std::chrono::seconds(1440938160)));
    EXPECT_EQ(json::parse(fixture.last().body).at("WaitTimeSeconds"), 20);
    EXPECT_TRUE(receive().empty());
    expect_error(receive, ErrorCode::network, {"damaged"});
    expect_error(receive, ErrorCode::not_found, {"SQS ReceiveMessage (queue q)", "QueueDoesNotExist"});
}

TEST(Sqs, SendsRemovesAndHides) {
    ServiceFixture fixture({reply(200, R"({"MessageId":"m"})"), reply(200, ""), reply(200, ""),
                            reply(200, R"({"Attributes":{"ApproximateNumberOfMessages":"4"}})")});
    SqsClient client(fixture.session());
    EXPECT_EQ(client.send("http://x/q", "body", std::chrono::seconds(5)), "m");
    EXPECT_EQ(json::parse(fixture.last().body).at("DelaySeconds"), 5);
    client.remove("http://x/q", "r");
    EXPECT_EQ(fixture.last().headers.at("x-amz-target"), "AmazonSQS.DeleteMessage");
    client.change_visibility("http://x/q", "r", std::chrono::seconds(0));
    EXPECT_EQ(json::parse(fixture.last().body).at("VisibilityTimeout"), 0);
    EXPECT_EQ(client.attributes("http://x/q").at("ApproximateNumberOfMessages"), "4");
    EXPECT_TRUE(is_signed_rightly(fixture.last(), "sqs", "eu-north-1", kTestSecret));
}

TEST(Ssm, MissingParametersAreNothing) {
    ServiceFixture fixture({reply(400, short_json_error("ParameterNotFound")),
                            reply(200, R"({"Parameter":{"Value":"ami-1","Version":4}})"),
                            reply(200, R"({"Version":5})"), reply(200, "{}")});
    SsmClient client(fixture.session());
    EXPECT_FALSE(client.get_parameter("/transcriber/ami-id"));
    const auto found = client.get_parameter("/transcriber/ami-id");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value, "ami-1");
    EXPECT_EQ(found->version, 4);
    EXPECT_EQ(fixture.last().headers.at("content-type"), "application/x-amz-json-1.1");
    EXPECT_EQ(client.put_parameter("/transcriber/ami-id", "ami-2"), 5);
    expect_error([&] { client.get_parameter("p"); }, ErrorCode::network, {"without a value"});
}

TEST(CloudWatch, WritesEmbeddedMetrics) {
    const std::string line =
        embedded_metrics("FastTranscribe", {{"Stage", "boot"}},
                         {{"Duration", 1.5, "Seconds"}, {"Broken", std::numeric_limits<double>::quiet_NaN()}},
                         {{"JobId", "7"}, {"Text", "\xff"}}, TimePoint(std::chrono::seconds(1440938160)));
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const json read = json::parse(line);
    EXPECT_EQ(read.at("_aws"),
              json::parse(R"({"Timestamp":1440938160000,"CloudWatchMetrics":[{"Namespace":"FastTranscribe",
        "Dimensions":[["Stage"]],"Metrics":[{"Name":"Duration","Unit":"Seconds"}]}]})"));
    EXPECT_EQ(read.at("Duration"), 1.5);
    EXPECT_EQ(read.at("Stage"), "boot");
    EXPECT_EQ(read.at("JobId"), "7");
    EXPECT_EQ(read.count("Broken"), 0U);
}

TEST(CloudWatch, SendsMetricsInBundles) {
    ServiceFixture fixture({reply(200, "<PutMetricDataResponse/>")});
    const std::vector<Metric> metrics(501, Metric{"M", 0.5, "Count"});
    CloudWatchClient(fixture.session())
        .put_metric_data("N", {{"D", "v w"}}, metrics, TimePoint(std::chrono::seconds(1440938160)));
    ASSERT_EQ(fixture.server().requests().size(), 2U);
    EXPECT_EQ(
        fixture.last().body,
        "Action=PutMetricData&Version=2010-08-01&Namespace=N&MetricData.member.1.MetricName=M&MetricData.member.1.Unit="
        "Count&MetricData.member.1.Value=0.5&MetricData.member.1.Timestamp=2015-08-30T12%3A36%3A00Z&MetricData.member."
        "1."
        "Dimensions.member.1.Name=D&MetricData.member.1.Dimensions.member.1.Value=v+w");
    EXPECT_TRUE(is_signed_rightly(fixture.last(), "monitoring", "eu-north-1", kTestSecret));
}

}  // namespace
}  // namespace ft::aws
