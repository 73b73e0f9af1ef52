#include "jobs/job.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "jobs/events.h"
#include "jobs/job_json.h"

namespace ft {
namespace {

TEST(JobId, ManyAreAllDifferent) {
    std::vector<std::string> ids;
    for (int i = 0; i < 1000; ++i) ids.push_back(make_job_id());
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
    EXPECT_TRUE(is_job_id(ids[0]));
    EXPECT_EQ(ids[0].size(), 36U);
}

TEST(JobId, OfAnObjectDependsOnAllOfIt) {
    const std::string id = job_id_of_object("bucket", "a/å.mp3", "v1");
    EXPECT_EQ(id, job_id_of_object("bucket", "a/å.mp3", "v1"));
    EXPECT_TRUE(is_job_id(id));
    EXPECT_NE(id, job_id_of_object("bucket", "a/å.mp3", "v2"));
    EXPECT_NE(id, job_id_of_object("bucke", "ta/å.mp3", "v1"));
    EXPECT_NE(job_id_of_object("a", "", "b"), job_id_of_object("a", "b", ""));
}

TEST(JobState, NamesGoThereAndBack) {
    for (const JobState state : all_job_states) EXPECT_EQ(parse_job_state(to_string(state)), state);
    for (const char* wrong : {"", "Queued", "queued ", "done"}) EXPECT_THROW(parse_job_state(wrong), Error) << wrong;
}

TEST(Job, ClaimableFromDependsOnTheState) {
    Job job;
    job.not_before_ms = 10;
    job.lease_until_ms = 20;
    EXPECT_EQ(claimable_from_ms(job), 10);
    job.state = JobState::retry_wait;
    EXPECT_EQ(claimable_from_ms(job), 10);
    job.state = JobState::running;
    EXPECT_EQ(claimable_from_ms(job), 20);
    job.state = JobState::launching;
    EXPECT_EQ(claimable_from_ms(job), 20);
    for (const JobState state : {JobState::succeeded, JobState::failed, JobState::dead, JobState::cancelled}) {
        job.state = state;
        EXPECT_FALSE(claimable_from_ms(job));
    }
}

TEST(Job, SearchIsBlindToTheCaseOfSwedishLetters) {
    EXPECT_EQ(fold_for_search("ÅÄÖ Möte É×÷ß 🦊"), "åäö möte é×÷ß 🦊");
}

TEST(JobJson, GivesBackEveryField) {
    Job job;
    job.id = "job_1";
    job.state = JobState::running;
    job.attempt = 3;
    job.launch_seq = 4;
    job.transient_failures = 5;
    job.crashes = 2;
    job.fence = int64_t{1} << 60;
    job.owner = "värd";
    job.lease_until_ms = 7;
    job.not_before_ms = 8;
    job.deadline_ms = 9;
    job.input = {"object:a", "möte.mp3", "v", "e", int64_t{1} << 50};
    job.options = "{\"a\":1}";
    job.metadata = "fritext \"x\"";
    job.callback = {"https://x", {"a", "b"}, {"whsec_1", "whsec_2"}};
    job.progress = {0.1, 1e6, 11, 12};
    job.result = {"p/", {"f", "g"}, "sv", 1.0 / 3, 2.5, "m"};
    job.error = {"c", "m\n"};
    job.idempotency_key = "k";
    job.request_digest = "d";
    job.timeline = {{1, JobState::queued, ""}, {2, JobState::running, "w"}};
    job.events = 15;
    job.created_ms = 13;
    job.updated_ms = 14;
    const Job back = job_from_json(job_to_json(job), job.id);
    EXPECT_EQ(job_to_json(back), job_to_json(job));
    EXPECT_EQ(back.fence, job.fence);
    EXPECT_EQ(back.events, 15);
    EXPECT_EQ(back.callback.secrets, job.callback.secrets);
    EXPECT_EQ(back.result.audio_s, job.result.audio_s);
    EXPECT_EQ(back.timeline[1].note, "w");
    EXPECT_EQ(back.progress.windows_resumed, 12);
}

TEST(JobJson, ReadsOlderRecordsAndRefusesDamagedOnes) {
    const Job job = job_from_json(R"({"id":"job_1","state":"dead","unknown":[1]})", "job_1");
    EXPECT_EQ(job.state, JobState::dead);
    EXPECT_EQ(job.deadline_ms, 0);
    for (const char* text : {"", "{", "[]", "null", R"({"state":"gone"})", R"({"state":"dead","attempt":"x"})",
                             R"({"state":"dead","timeline":[[1]]})", R"({"state":"dead","input":7})"}) {
        try {
            job_from_json(text, "job_1");
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io) << text;
            EXPECT_NE(std::string(error.what()).find("job_1"), std::string::npos);
        }
    }
}

TEST(Events, OnlyWhatTheCallbackWants) {
    Job job;
    job.id = "job_1";
    EXPECT_FALSE(make_event(job, event_completed, 0));
    job.callback.url = "https://x";
    EXPECT_TRUE(make_event(job, event_completed, 0));
    EXPECT_TRUE(make_event(job, event_cancelled, 0));
    EXPECT_FALSE(make_event(job, event_started, 0));
    job.callback.types = {std::string(event_started)};
    EXPECT_FALSE(make_event(job, event_completed, 0));
    EXPECT_TRUE(make_event(job, event_started, 0));
}

TEST(Events, OneIdForOneChange) {
    Job job;
    job.id = "job_1";
    job.callback.url = "https://x";
    job.fence = 1;
    const std::string id = make_event(job, event_dead, 5)->id;
    EXPECT_EQ(make_event(job, event_dead, 99)->id, id);
    EXPECT_NE(make_event(job, event_failed, 5)->id, id);
    job.fence = 2;
    EXPECT_NE(make_event(job, event_dead, 5)->id, id);
}

TEST(Events, TerminalOnesTellWhen) {
    Job job;
    job.callback = {"https://x", {std::string(event_dead), std::string(event_queued)}, {"whsec_hidden"}};
    job.created_ms = 1000;
    const std::string unstarted = make_event(job, event_dead, 9000)->body;
    EXPECT_NE(unstarted.find(R"("created":"1970-01-01T00:00:01.000Z","finished":"1970-01-01T00:00:09.000Z"})"),
              std::string::npos);
    job.timeline = {{2000, JobState::running, ""}, {3000, JobState::retry_wait, ""}, {4000, JobState::running, ""}};
    const std::string started = make_event(job, event_dead, 9000)->body;
    EXPECT_NE(started.find(R"("started":"1970-01-01T00:00:04.000Z")"), std::string::npos);
    EXPECT_EQ(make_event(job, event_queued, 9000)->body.find("timings"), std::string::npos);
    EXPECT_EQ(started.find("whsec"), std::string::npos);
}

TEST(Events, MetadataIsTheClientsJsonOrText) {
    Job job;
    job.callback.url = "https://x";
    job.metadata = R"({"a": [1]})";
    EXPECT_NE(make_event(job, event_dead, 0)->body.find(R"("metadata":{"a":[1]})"), std::string::npos);
    job.metadata = "{no json";
    EXPECT_NE(make_event(job, event_dead, 0)->body.find(R"("metadata":"{no json")"), std::string::npos);
}

TEST(Events, Times) {
    EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(iso_time(1700000000123), "2023-11-14T22:13:20.123Z");
    EXPECT_EQ(iso_time(-1), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace ft
