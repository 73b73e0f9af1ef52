// What only the store on DynamoDB has: a table that comes and goes, answers that are lost on the line, rows that end.
#include <map>

#include "aws/dynamodb_client.h"
#include "aws/json_client.h"
#include "aws_stores.h"
#include "base/error.h"
#include "jobs/aws/dynamo_job_store.h"
#include "jobs/aws/job_items.h"
#include "jobs/aws/job_table.h"
#include "jobs/aws/table_layout.h"

namespace ft::conformance {
namespace {

class Dynamo : public ::testing::Test {
  protected:
    DynamoJobStore store(Route route = {}) { return {moto_session(std::move(route)), clock, {table, 90}}; }
    static NewJob wanted() {
        NewJob job;
        job.input.uri = "object:inputs/x/audio";
        job.callback.url = "https://example.org/hook";
        job.idempotency_key = "key";
        return job;
    }
    ManualClock clock;
    const std::string table = new_table_name();
};

std::string message_of(const std::function<void()>& call, ErrorCode code) {
    try {
        call();
    } catch (const Error& error) {
        EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
}

/// One life of a job, as it is when nothing goes wrong.
void live(DynamoJobStore& store, const ManualClock& clock, const NewJob& wanted) {
    const Created created = store.create(wanted);
    EXPECT_EQ(created.kind, Created::Kind::created);
    const std::string& id = created.job.id;
    ClaimRequest request;
    request.owner = "w";
    const auto job = store.claim(request);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->fence, 1);
    const Lease lease = lease_of(*job);
    EXPECT_EQ(store.renew(lease, 120000), StoreResult::done);
    EXPECT_EQ(store.save_progress(lease, {30, 60, 1, 0}), StoreResult::done);
    EXPECT_EQ(store.commit(lease, {result_prefix(id, 1), {"a.txt"}, "sv", 60, 1, "m"}), StoreResult::done);
    const auto events = store.claim_events(10, 60000, "");
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(store.record_delivery(events[0], {}, {EventState::delivered, 0}), StoreResult::done);
    EXPECT_EQ(store.replay(events[0].id), StoreResult::done);
    EXPECT_EQ(store.deliveries_of(events[0].id).size(), 1U);
    EXPECT_EQ(store.events_of(id).size(), 1U);
    EXPECT_EQ(store.get(id)->attempt, 1);
    EXPECT_EQ(store.usage_of(id)->fence, 1);
    EXPECT_EQ(store.remove(id, clock.wall_ms() + 1), StoreResult::done);
    EXPECT_FALSE(store.get(id));
    EXPECT_TRUE(store.events_of(id).empty());
}

// moto forgets request tokens, so that a repeated write stumbles over the first one: as on AWS after ten minutes, and
// as single rows always do.
TEST_F(Dynamo, AWriteWhoseAnswerIsLostIsDoneOnceAndIsSaidToBeDone) {
    const auto is_write = [](const std::string& operation) {
        return operation == "PutItem" || operation == "DeleteItem" || operation == "TransactWriteItems";
    };
    int writes = 0;
    DynamoJobStore counted = store([&](const std::string& operation) {
        writes += is_write(operation);
        return Way::through;
    });
    live(counted, clock, wanted());
    EXPECT_GE(writes, 9);
    for (const Way way : {Way::lost_reply, Way::lost}) {
        // One that never arrived is simply sent again: a few will do.
        for (int unlucky = 0; unlucky < writes; unlucky += way == Way::lost ? 4 : 1) {
            SCOPED_TRACE("write " + std::to_string(unlucky) + (way == Way::lost ? " lost" : " without an answer"));
            int number = 0;
            DynamoJobStore faulty = store([&](const std::string& operation) {
                return is_write(operation) && number++ == unlucky ? way : Way::through;
            });
            live(faulty, clock, wanted());
        }
    }
}

TEST_F(Dynamo, ALineThatStaysBrokenIsAnErrorOfTheNetwork) {
    DynamoJobStore broken = store([](const std::string&) { return Way::lost; });
    const std::string message = message_of([&] { broken.create(wanted()); }, ErrorCode::network);
    EXPECT_NE(message.find("DynamoDB"), std::string::npos) << message;
}

TEST_F(Dynamo, ATableThatIsMissingIsMadeWithAllThatItNeeds) {
    DynamoJobStore jobs = store();
    EXPECT_FALSE(jobs.get("job_1"));
    aws::DynamoDbClient client(moto_session());
    ASSERT_TRUE(client.describe_table(table));
    EXPECT_EQ(client.time_to_live(table), "ttl");
    EXPECT_TRUE(client.recovery(table));
    const std::string id = jobs.create(wanted()).job.id;
    jobs.prepare();  // leaves alone what is there
    EXPECT_TRUE(jobs.get(id));
    // Deleted under a running system: the next job makes it again.
    aws::JsonClient raw(moto_session(), {"DynamoDB", "dynamodb", "DYNAMODB", "dynamodb"}, "DynamoDB_20120810", "1.0");
    raw.call({"DeleteTable", table}, {{"TableName", table}});
    EXPECT_EQ(jobs.create(wanted()).kind, Created::Kind::created);
    EXPECT_TRUE(client.recovery(table));
    // What somebody has turned off is turned on again.
    client.set_recovery(table, false);
    jobs.prepare();
    EXPECT_TRUE(client.recovery(table));
}

TEST_F(Dynamo, ATableOfAnotherProgramIsLeftAlone) {
    aws::DynamoDbClient client(moto_session());
    aws::TableLayout other;
    other.name = table;
    other.hash.name = "job_id";
    client.create_table(other);
    DynamoJobStore jobs = store();
    const std::string message = message_of([&] { jobs.prepare(); }, ErrorCode::invalid_argument);
    EXPECT_NE(message.find(table), std::string::npos) << message;
    EXPECT_NE(message.find("name another table"), std::string::npos) << message;
    EXPECT_EQ(client.time_to_live(table), "");
    message_of([&] { jobs.create(wanted()); }, ErrorCode::io);
}

TEST_F(Dynamo, AJobThatFitsIntoNoRowIsRefusedAndTheLargestThatMayBeLivesOn) {
    DynamoJobStore jobs = store();
    NewJob job = wanted();
    job.metadata.assign(size_t{64} << 10, '\x01');  // six bytes each, as JSON
    const std::string message = message_of([&] { jobs.create(job); }, ErrorCode::invalid_argument);
    EXPECT_NE(message.find("shorten its metadata"), std::string::npos) << message;
    EXPECT_TRUE(jobs.list({}).jobs.empty());
    job.metadata = "\"" + std::string((size_t{64} << 10) - 2, 'x') + "\"";
    job.options = job.metadata;
    live(jobs, clock, job);
}

TEST_F(Dynamo, AJobWithALongStoryIsStillWritten) {
    DynamoJobStore jobs = store();
    const std::string id = jobs.create(wanted()).job.id;
    ClaimRequest request;
    request.owner = "w";
    for (int failures = 1; failures <= 15; ++failures) {
        const auto job = jobs.claim(request);
        ASSERT_TRUE(job) << failures;
        const JobError error{"io", std::string(30000, 'x')};
        EXPECT_EQ(jobs.end_attempt(lease_of(*job), {JobState::retry_wait, 0, FailureClass::crash, error}),
                  StoreResult::done);
    }
    EXPECT_EQ(jobs.get(id)->timeline.size(), 31U);
    EXPECT_EQ(jobs.get(id)->error.message.size(), 30000U);
}

TEST_F(Dynamo, RowsOfFinishedJobsEndTheBillStays) {
    DynamoJobStore jobs = store();
    dynamo::JobTable rows(moto_session(), table);
    const std::string id = jobs.create(wanted()).job.id;
    const auto ttl = [&](const std::string& job_id, const std::string& row) -> int64_t {
        const auto item = rows.get(job_id, row);
        return item && item->count("ttl") > 0 ? item->at("ttl").integer() : 0;
    };
    const int64_t end_s = clock.wall_ms() / 1000 + 90 * 24 * 3600;
    EXPECT_EQ(ttl(id, "job"), 0);
    EXPECT_EQ(ttl(dynamo::key_holder("key"), "key"), end_s);
    EXPECT_EQ(jobs.cancel(id), StoreResult::done);
    EXPECT_EQ(ttl(id, "job"), end_s);
    EXPECT_EQ(ttl(id, "event#" + jobs.events_of(id)[0].id), end_s);
    EXPECT_EQ(jobs.redrive(id), StoreResult::done);
    EXPECT_EQ(ttl(id, "job"), 0);
    ClaimRequest request;
    request.owner = "w";
    const Job job = *jobs.claim(request);
    EXPECT_EQ(jobs.commit(lease_of(job), {"results/x/", {}, "", 0, 0, ""}), StoreResult::done);
    EXPECT_TRUE(rows.get(id, "usage"));
    EXPECT_EQ(ttl(id, "usage"), 0);
    // The key's row outlived its job: it is free again.
    rows.write({dynamo::remove_row(id, "job")});
    EXPECT_EQ(jobs.create(wanted()).kind, Created::Kind::created);
    EXPECT_EQ(jobs.create(wanted()).kind, Created::Kind::existing);
}

TEST_F(Dynamo, AJobMadeAgainUnderItsIdHasOneBill) {
    DynamoJobStore jobs = store();
    NewJob job = wanted();
    job.id = job_id_of_object("bucket", "key", "1");
    const auto finish = [&] {
        EXPECT_EQ(jobs.create(job).kind, Created::Kind::created);
        ClaimRequest request;
        request.owner = "w";
        const Job mine = *jobs.claim(request);
        EXPECT_EQ(jobs.commit(lease_of(mine), {"results/x/", {}, "sv", 60, 1, "m"}), StoreResult::done);
    };
    finish();
    const int64_t first_ms = jobs.usage_of(job.id)->finished_ms;
    clock.advance(1000);
    EXPECT_EQ(jobs.remove(job.id, clock.wall_ms()), StoreResult::done);
    finish();
    EXPECT_EQ(jobs.usage_of(job.id)->finished_ms, first_ms);
    EXPECT_EQ(jobs.events_of(job.id).size(), 1U);
}

TEST_F(Dynamo, ALogLongerThanATransactionGoesWithItsJob) {
    DynamoJobStore jobs = store();
    const std::string id = jobs.create(wanted()).job.id;
    jobs.cancel(id);
    const OutboxEvent event = jobs.events_of(id).at(0);
    dynamo::JobTable rows(moto_session(), table);
    for (int number = 1; number <= 130;) {
        std::vector<aws::TransactWrite> lines;
        for (; lines.size() < 65; ++number) {
            aws::Item line = dynamo::item_of(event, DeliveryAttempt{}, number, 0);
            line["token"] = std::to_string(number);
            lines.push_back(dynamo::put_new(std::move(line)));
        }
        rows.write(lines);
    }
    EXPECT_EQ(jobs.deliveries_of(event.id).size(), 130U);
    EXPECT_EQ(jobs.remove(id, clock.wall_ms() + 1), StoreResult::done);
    EXPECT_TRUE(rows.rows(id, "e").empty());
    EXPECT_TRUE(rows.rows(id, "d").empty());
}

}  // namespace
}  // namespace ft::conformance
