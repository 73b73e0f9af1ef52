// Making, reading and listing jobs.
#include <set>
#include <thread>

#include "base/error.h"
#include "suite.h"

namespace ft::conformance {
namespace {

class CreateList : public JobsSuite {};
INSTANTIATE_TEST_SUITE_P(Stores, CreateList, every_store);

TEST_P(CreateList, GivesBackEveryField) {
    NewJob job = watched();
    job.input = {"object:inputs/x/audio", "möte 'nr 1'.mp3", "v7", "abc", 123456789012};
    job.metadata = R"({"ärende": "17; DROP TABLE jobs"})";
    job.deadline_ms = clock.wall_ms() + 1000000;
    job.idempotency_key = "client:key";
    job.request_digest = "digest";
    const Job made = created(job);
    const auto found = store->get(made.id);
    ASSERT_TRUE(found);
    EXPECT_TRUE(is_job_id(found->id));
    EXPECT_EQ(found->state, JobState::queued);
    EXPECT_EQ(found->input.uri, job.input.uri);
    EXPECT_EQ(found->input.name, job.input.name);
    EXPECT_EQ(found->input.version, "v7");
    EXPECT_EQ(found->input.etag, "abc");
    EXPECT_EQ(found->input.size_bytes, 123456789012);
    EXPECT_EQ(found->options, job.options);
    EXPECT_EQ(found->metadata, job.metadata);
    EXPECT_EQ(found->callback.url, job.callback.url);
    EXPECT_EQ(found->callback.types, job.callback.types);
    EXPECT_EQ(found->deadline_ms, job.deadline_ms);
    EXPECT_EQ(found->created_ms, clock.wall_ms());
    ASSERT_EQ(found->timeline.size(), 1U);
    EXPECT_EQ(found->timeline[0].state, JobState::queued);
    EXPECT_FALSE(store->get("job_unknown"));
    EXPECT_FALSE(store->get("' OR '1'='1"));
}

TEST_P(CreateList, OneKeyIsOneJob) {
    NewJob job = wanted();
    job.idempotency_key = "k";
    job.request_digest = "a";
    const Created first = store->create(job), second = store->create(job);
    EXPECT_EQ(first.kind, Created::Kind::created);
    EXPECT_EQ(second.kind, Created::Kind::existing);
    EXPECT_EQ(second.job.id, first.job.id);
    job.request_digest = "b";
    const Created other = store->create(job);
    EXPECT_EQ(other.kind, Created::Kind::conflict);
    EXPECT_EQ(other.job.id, first.job.id);
    EXPECT_EQ(store->list({}).jobs.size(), 1U);
    job.idempotency_key = "k2";
    EXPECT_EQ(store->create(job).kind, Created::Kind::created);
}

TEST_P(CreateList, OneIdIsOneJob) {
    NewJob job = watched();
    job.id = job_id_of_object("bucket", "inputs/å.mp3", "v1");
    EXPECT_EQ(store->create(job).kind, Created::Kind::created);
    EXPECT_EQ(store->create(job).kind, Created::Kind::existing);
    EXPECT_EQ(store->events_of(job.id).size(), 1U);
    EXPECT_NE(job_id_of_object("a", "bc", ""), job_id_of_object("ab", "c", ""));
}

TEST_P(CreateList, OneKeyAtOnceFromManyThreads) {
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::set<std::string> ids;
    int made = 0;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            NewJob job = wanted();
            job.idempotency_key = "same";
            const Created created = store->create(job);
            const std::lock_guard lock(mutex);
            ids.insert(created.job.id);
            made += created.kind == Created::Kind::created;
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(ids.size(), 1U);
    EXPECT_EQ(made, 1);
}

TEST_P(CreateList, PagesHoldEveryJobOnceWhileNewOnesCome) {
    std::vector<std::string> expected;
    for (int i = 0; i < 25; ++i) {
        if (i % 3 == 0) clock.advance(1);  // several in one millisecond
        expected.push_back(created(wanted()).id);
    }
    JobFilter filter;
    filter.limit = 4;
    std::vector<std::string> seen;
    do {
        const JobPage page = store->list(filter);
        EXPECT_LE(page.jobs.size(), 4U);
        for (size_t i = 0; i + 1 < page.jobs.size(); ++i)
            EXPECT_GE(page.jobs[i].created_ms, page.jobs[i + 1].created_ms);
        for (const Job& job : page.jobs) seen.push_back(job.id);
        filter.cursor = page.next;
        clock.advance(1);
        created(wanted());
    } while (!filter.cursor.empty());
    std::sort(seen.begin(), seen.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(seen, expected);
}

TEST_P(CreateList, ALastFullPageHasNoNext) {
    for (int i = 0; i < 4; ++i) created(wanted());
    JobFilter filter;
    filter.limit = 4;
    EXPECT_EQ(store->list(filter).next, "");
    filter.limit = 3;
    EXPECT_NE(store->list(filter).next, "");
}

TEST_P(CreateList, FiltersByStateAndText) {
    created(wanted("ÅRSMÖTE 2026.wav"));
    created(wanted("intervju_100%.wav"));
    claim("w");
    JobFilter filter;
    filter.states = {JobState::running};
    ASSERT_EQ(store->list(filter).jobs.size(), 1U);
    filter.states = {JobState::queued, JobState::running};
    EXPECT_EQ(store->list(filter).jobs.size(), 2U);
    filter.states = {JobState::dead};
    EXPECT_EQ(store->list(filter).jobs.size(), 0U);
    filter.states.clear();
    const auto found = [&](const char* text) {
        filter.search = text;
        return store->list(filter).jobs.size();
    };
    EXPECT_EQ(found("årsmöte"), 1U);
    EXPECT_EQ(found("Wav"), 2U);
    // No wildcards, no SQL.
    EXPECT_EQ(found("%"), 1U);
    EXPECT_EQ(found("_"), 2U);  // also in every id
    EXPECT_EQ(found("' OR 1=1 --"), 0U);
    EXPECT_EQ(found("\xff"), 0U);
}

TEST_P(CreateList, RefusesWhatNoStoreShouldKeep) {
    const auto refused = [&](auto spoil) {
        NewJob job = wanted();
        spoil(job);
        try {
            store->create(job);
        } catch (const Error& error) {
            return error.code() == ErrorCode::invalid_argument;
        }
        return false;
    };
    EXPECT_TRUE(refused([](NewJob& job) { job.input.uri.clear(); }));
    EXPECT_TRUE(refused([](NewJob& job) { job.input.name = "a\xffz"; }));
    EXPECT_TRUE(refused([](NewJob& job) { job.input.name = std::string("a\0z", 3); }));
    EXPECT_TRUE(refused([](NewJob& job) { job.metadata.assign(100000, 'x'); }));
    EXPECT_TRUE(refused([](NewJob& job) { job.id = "../../etc/passwd"; }));
    EXPECT_TRUE(refused([](NewJob& job) { job.id.assign(65, 'x'); }));
    EXPECT_TRUE(refused([](NewJob& job) { job.idempotency_key.assign(1000, 'x'); }));
    EXPECT_TRUE(refused([](NewJob& job) { job.callback.types.assign(100, "x"); }));
    EXPECT_TRUE(refused([](NewJob& job) { job.callback.types = {"transcription.complete"}; }));
    EXPECT_TRUE(store->list({}).jobs.empty());
    JobFilter filter;
    for (const char* cursor : {"x", "1.", ".job_1", "1.' OR 1=1", "99999999999999999999.job_1"}) {
        filter.cursor = cursor;
        EXPECT_THROW(store->list(filter), Error) << cursor;
    }
    filter.cursor.clear();
    for (const int limit : {0, -1, 1001}) {
        filter.limit = limit;
        EXPECT_THROW(store->list(filter), Error) << limit;
    }
}

TEST_P(CreateList, KeepsHostileTextsAsTheyAre) {
    for (const char* text : {"'; DROP TABLE jobs; --", "\"quoted\" \\ back", "<script>alert(1)</script>", "\n\t\r",
                             "../../../etc/passwd", "🦊 é e\xCC\x81", "%00%n%s"}) {
        NewJob job = wanted(text);
        job.metadata = job.options = job.idempotency_key = text;
        const Job made = created(job);
        const auto found = store->get(made.id);
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(found->input.name, text);
        EXPECT_EQ(found->metadata, text);
        EXPECT_EQ(found->idempotency_key, text);
        EXPECT_EQ(store->create(job).kind, Created::Kind::existing);
    }
}

}  // namespace
}  // namespace ft::conformance
