// How jobs end: commit, failure, cancellation, redrive; each one transaction that may be asked for twice.
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "suite.h"

namespace ft::conformance {
namespace {

class Commit : public JobsSuite {};
INSTANTIATE_TEST_SUITE_P(Stores, Commit, every_store);

TEST_P(Commit, StateOutboxAndUsageTogether) {
    const std::string id = created(watched()).id;
    const Job job = *claim("a");
    clock.advance(1500);
    EXPECT_EQ(store->commit(lease_of(job), result_of(job)), StoreResult::done);
    const auto done = store->get(id);
    EXPECT_EQ(done->state, JobState::succeeded);
    EXPECT_EQ(done->result.prefix, "results/" + id + "/1/");
    EXPECT_EQ(done->result.files, std::vector<std::string>{"transcript.txt"});
    EXPECT_EQ(done->timeline.back().state, JobState::succeeded);
    const auto usage = store->usage_of(id);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->audio_s, 60.5);
    EXPECT_EQ(usage->compute_s, 1.25);
    EXPECT_EQ(usage->model, "kb-whisper-small");
    EXPECT_EQ(usage->finished_ms, clock.wall_ms());
    const auto events = store->events_of(id);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0].type, event_queued);
    EXPECT_EQ(events[1].type, event_started);
    const OutboxEvent& event = events.back();
    EXPECT_EQ(event.type, event_completed);
    EXPECT_EQ(event.url, "https://example.org/hook");
    const auto body = nlohmann::json::parse(event.body);
    EXPECT_EQ(body["type"], "transcription.completed");
    EXPECT_EQ(body["timestamp"], iso_time(clock.wall_ms()));
    EXPECT_EQ(body["data"]["job_id"], id);
    EXPECT_EQ(body["data"]["result"]["prefix"], done->result.prefix);
}

TEST_P(Commit, AskedForTwiceIsDoneOnce) {
    const std::string id = created(watched()).id;
    const Job job = *claim("a");
    EXPECT_EQ(store->commit(lease_of(job), result_of(job)), StoreResult::done);
    const auto once = store->events_of(id);
    const int64_t updated_ms = store->get(id)->updated_ms;
    clock.advance(1000);
    EXPECT_EQ(store->commit(lease_of(job), result_of(job)), StoreResult::done);
    EXPECT_EQ(store->events_of(id).size(), once.size());
    EXPECT_EQ(store->get(id)->updated_ms, updated_ms);
    EXPECT_EQ(store->redrive(id), StoreResult::wrong_state);
    EXPECT_EQ(store->cancel(id), StoreResult::wrong_state);
}

TEST_P(Commit, OfTwoAtOnceOneWins) {
    for (int round = 0; round < (is_slow() ? 3 : 10); ++round) {
        const std::string id = created(watched()).id;
        const Job old = *claim("a");
        clock.advance(120000);
        std::vector<StoreResult> results(2);
        std::thread zombie([&] { results[0] = store->commit(lease_of(old), result_of(old)); });
        std::thread heir([&] {
            const auto job = claim("b");
            results[1] = job ? store->commit(lease_of(*job), result_of(*job)) : StoreResult::stale;
        });
        zombie.join();
        heir.join();
        EXPECT_EQ((results[0] == StoreResult::done) + (results[1] == StoreResult::done), 1);
        const auto job = store->get(id);
        EXPECT_EQ(job->state, JobState::succeeded);
        EXPECT_EQ(job->result.prefix, result_prefix(id, results[0] == StoreResult::done ? 1 : 2));
        int completed = 0;
        for (const std::string& type : types_of_events(id)) completed += type == event_completed;
        EXPECT_EQ(completed, 1);
        EXPECT_EQ(store->usage_of(id)->fence, job->fence);
    }
}

TEST_P(Commit, FailedTellsWhy) {
    const std::string id = created(watched()).id;
    const Job job = *claim("a");
    RetryDecision failed = decision(JobState::failed);
    failed.kind = FailureClass::permanent;
    failed.error = {"bad_media", "the file has \xff no audio"};
    EXPECT_EQ(store->end_attempt(lease_of(job), failed), StoreResult::done);
    EXPECT_EQ(store->end_attempt(lease_of(job), failed), StoreResult::done);  // its answer was lost
    const auto done = store->get(id);
    EXPECT_EQ(done->state, JobState::failed);
    EXPECT_EQ(done->error.code, "bad_media");
    EXPECT_EQ(done->error.message, "the file has \xEF\xBF\xBD no audio");
    EXPECT_EQ(done->crashes, 0);
    const auto body = nlohmann::json::parse(store->events_of(id).back().body);
    EXPECT_EQ(body["type"], "transcription.failed");
    EXPECT_EQ(body["data"]["error"]["code"], "bad_media");
    EXPECT_FALSE(store->usage_of(id));
    EXPECT_FALSE(claim("b"));
}

TEST_P(Commit, CancelledAtOnceAndTheWorkerIsTold) {
    const std::string waiting = created(watched()).id;
    EXPECT_EQ(store->cancel(waiting), StoreResult::done);
    EXPECT_EQ(store->cancel(waiting), StoreResult::done);
    EXPECT_EQ(store->cancel("job_none"), StoreResult::not_found);
    EXPECT_FALSE(claim("a"));
    const std::string id = created(watched()).id;
    const Job job = *claim("a");
    EXPECT_EQ(store->cancel(id), StoreResult::done);
    EXPECT_EQ(store->renew(lease_of(job), 1000), StoreResult::cancelled);
    EXPECT_EQ(store->save_progress(lease_of(job), {}), StoreResult::cancelled);
    EXPECT_EQ(store->commit(lease_of(job), result_of(job)), StoreResult::cancelled);
    EXPECT_EQ(store->end_attempt(lease_of(job), decision(JobState::dead)), StoreResult::cancelled);
    EXPECT_EQ(state(id), JobState::cancelled);
    EXPECT_FALSE(store->usage_of(id));
    EXPECT_EQ(types_of_events(id).front(), event_cancelled);
}

TEST_P(Commit, RedriveBeginsAnew) {
    const std::string id = created(watched()).id;
    const Job first = *claim("a");
    EXPECT_EQ(store->end_attempt(lease_of(first), decision(JobState::dead)), StoreResult::done);
    EXPECT_EQ(store->redrive(id), StoreResult::done);
    EXPECT_EQ(store->redrive(id), StoreResult::done);  // its answer was lost
    EXPECT_EQ(store->redrive("job_none"), StoreResult::not_found);
    EXPECT_EQ(state(id), JobState::queued);
    EXPECT_EQ(store->get(id)->crashes, 0);
    EXPECT_EQ(store->end_attempt(lease_of(first), decision(JobState::dead)), StoreResult::stale);
    const auto second = claim("b");
    ASSERT_TRUE(second);
    EXPECT_GT(second->fence, first.fence);
    EXPECT_EQ(store->end_attempt(lease_of(*second), decision(JobState::dead)), StoreResult::done);
    // Two deaths are two messages.
    int deaths = 0;
    for (const std::string& type : types_of_events(id)) deaths += type == event_dead;
    EXPECT_EQ(deaths, 2);
}

TEST_P(Commit, ProgressIsToldInTenths) {
    const std::string id = created(watched()).id;
    const Job job = *claim("a");
    for (int window = 1; window <= 100; ++window) {
        EXPECT_EQ(store->save_progress(lease_of(job), {window * 30.0, 3000.0, window, 0}), StoreResult::done);
    }
    EXPECT_EQ(store->get(id)->progress.windows_done, 100);
    EXPECT_EQ(store->get(id)->progress.done_s, 3000.0);
    int told = 0;
    for (const std::string& type : types_of_events(id)) told += type == event_progress;
    EXPECT_EQ(told, 10);
}

TEST_P(Commit, WithoutACallbackNobodyIsTold) {
    const std::string quiet = created(wanted()).id;
    const Job job = *claim("a");
    store->commit(lease_of(job), result_of(job));
    EXPECT_TRUE(store->events_of(quiet).empty());
    NewJob plain = wanted();
    plain.callback.url = "https://example.org/hook";
    const std::string id = created(plain).id;
    const Job second = *claim("a");
    store->commit(lease_of(second), result_of(second));
    EXPECT_EQ(types_of_events(id), std::vector<std::string>{std::string(event_completed)});
}

TEST_P(Commit, TheTimelineStaysShort) {
    const std::string id = created(wanted()).id;
    const int rounds = is_slow() ? 35 : 100;  // two lines each
    for (int i = 0; i < rounds; ++i) store->release(lease_of(*claim("a")));
    const auto job = store->get(id);
    EXPECT_LE(job->timeline.size(), max_timeline);
    EXPECT_EQ(job->timeline.front().note, "");
    EXPECT_EQ(job->fence, rounds);
}

}  // namespace
}  // namespace ft::conformance
