#include "jobs/aws/job_items.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ft::dynamo {
namespace {

Job job_of_test() {
    NewJob wanted;
    wanted.input.uri = "object:inputs/x/audio";
    wanted.input.name = "MÖTE.mp3";
    wanted.callback.url = "https://example.org/hook";
    return new_job(wanted, "job_1", 1700000000123).job;
}

TEST(JobItems, TheColumnsThatFindAJob) {
    Job job = job_of_test();
    const aws::Item item = item_of(job, {"token", 100});
    EXPECT_EQ(item.at("job_id").text(), "job_1");
    EXPECT_EQ(item.at("row").text(), "job");
    EXPECT_EQ(item.at("state").text(), "queued");
    EXPECT_EQ(item.at("due_ms").integer(), 1700000000123);
    EXPECT_EQ(item.at("listed_as").text(), "job");
    EXPECT_EQ(item.at("listed_at").text(), "0000001700000000123.job_1");
    EXPECT_NE(item.at("search").text().find("möte.mp3"), std::string::npos);
    EXPECT_EQ(token_of(item), "token");
    EXPECT_EQ(item.count("ttl"), 0U);
    EXPECT_EQ(job_of(item).input.name, "MÖTE.mp3");
    job.state = JobState::running;
    job.lease_until_ms = 5;
    EXPECT_EQ(item_of(job, {"token", 100}).at("due_ms").integer(), 5);
    job.state = JobState::succeeded;
    const aws::Item ended = item_of(job, {"token", 100});
    EXPECT_EQ(ended.at("due_ms").integer(), job.updated_ms);
    EXPECT_EQ(ended.at("ttl").integer(), 1700000100);
    EXPECT_EQ(item_of(job, {"token", 0}).count("ttl"), 0U);
}

TEST(JobItems, ListsAreOrderedByTimeThenId) {
    EXPECT_LT(listed_at(999, "b"), listed_at(1000, "a"));
    EXPECT_LT(listed_at(1000, "a"), listed_at(1000, "b"));
    EXPECT_LT(listed_at(1000, "z"), listed_at(int64_t{1} << 62, "a"));
}

TEST(JobItems, EventsAndTheirLogComeBackAsTheyWere) {
    OutboxEvent event{"msg_1", "job_1", "transcription.failed", "https://x", "{\"å\":1}", EventState::dead, 3, 7,
                      11,      13};
    const aws::Item item = item_of(event, 4, {"t", 100});
    EXPECT_EQ(item.at("row").text(), "event#msg_1");
    EXPECT_EQ(item.at("state").text(), "event-dead");
    EXPECT_EQ(deliveries_of(item), 4);
    const OutboxEvent back = event_of(item);
    EXPECT_EQ(std::tie(back.id, back.job_id, back.type, back.url, back.body),
              std::tie(event.id, event.job_id, event.type, event.url, event.body));
    EXPECT_EQ(std::tie(back.state, back.attempts, back.sequence, back.created_ms, back.due_ms),
              std::tie(event.state, event.attempts, event.sequence, event.created_ms, event.due_ms));
    const aws::Item line = item_of(event, DeliveryAttempt{1, 2, 503, "busy"}, 10, 100);
    EXPECT_LT(item_of(event, DeliveryAttempt{}, 9, 100).at("row").text(), line.at("row").text());
    EXPECT_EQ(line.at("row").text().rfind(delivery_prefix("msg_1"), 0), 0U);
    EXPECT_EQ(delivery_of(line).note, "busy");
    EXPECT_EQ(delivery_of(line).http_status, 503);
}

TEST(JobItems, KeysOfAnyLengthTakeOnePlace) {
    EXPECT_EQ(key_holder(std::string(500, 'k')).size(), key_holder("k").size());
    EXPECT_FALSE(is_job_id(key_holder("k")));
    EXPECT_NE(key_holder("a"), key_holder("b"));
}

TEST(JobItems, RowsAreMeasured) {
    EXPECT_EQ(bytes_of({{"ab", "xyz"}, {"c", true}}), 2U + 3 + 1 + 1);
    EXPECT_EQ(bytes_of({{"n", aws::AttributeValue(int64_t{12345678})}}), 1U + 4 + 3);
    EXPECT_EQ(bytes_of({{"l", aws::List{"ab", "c"}}}), 1U + 3 + (2 + 1) + (1 + 1));
    aws::Item item = key_of("job_1", "job");
    check_size(item);
    item["record"] = std::string(largest_item, 'x');
    try {
        check_size(item);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        const std::string text = error.what();
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_NE(text.find("job_1"), std::string::npos) << text;
        EXPECT_NE(text.find("409600"), std::string::npos) << text;
    }
}

TEST(JobItems, ARowThatWasChangedByHandIsNamed) {
    aws::Item item = item_of(job_of_test(), {"t", 0});
    item.erase("record");
    try {
        job_of(item);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
        EXPECT_NE(std::string(error.what()).find("job_1 has no column record"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace ft::dynamo
