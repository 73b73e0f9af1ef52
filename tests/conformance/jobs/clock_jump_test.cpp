// Somebody sets the machine's clock, by a day, while jobs and messages wait and leases run.
#include <gtest/gtest.h>

#include "jobs/local/sqlite_job_store.h"
#include "jobs/retry_policy.h"
#include "suite.h"

namespace ft::conformance {
namespace {

constexpr int64_t minute_ms = 60000, day_ms = 24 * 60 * minute_ms;

class ClockJump : public ::testing::Test {
  protected:
    NewJob wanted() {
        NewJob job;
        job.input.uri = "object:a";
        job.callback.url = "https://example.org/hook";
        job.callback.types = {"transcription.queued"};
        return job;
    }
    std::optional<Job> claim(const std::string& owner) {
        ClaimRequest request;
        request.owner = owner;
        return store.claim(request);
    }
    std::vector<OutboxEvent> due() { return store.claim_events(10, minute_ms, ""); }
    /// As the server's workers do every second.
    void look() { EXPECT_FALSE(claim("nobody")); }

    ManualClock clock;
    TemporaryFolder folder{fastest_disk()};
    SqliteJobStore store{folder.path() / "jobs.db", clock};
};

TEST_F(ClockJump, ForwardNoLeaseEndsByIt) {
    const std::string id = store.create(wanted()).job.id;
    const Job job = *claim("first");
    clock.advance(30000);
    clock.jump_wall(day_ms);
    EXPECT_FALSE(claim("second")) << "its holder is well";
    clock.advance(89000);
    EXPECT_FALSE(claim("second")) << "the lease has another second";
    clock.advance(2000);
    const auto taken = claim("second");
    ASSERT_TRUE(taken) << "but it ends as it would have";
    EXPECT_EQ(taken->crashes, 1);
}

TEST_F(ClockJump, ForwardAHolderRenewsAsBefore) {
    store.create(wanted());
    const Job job = *claim("first");
    clock.jump_wall(day_ms);
    look();
    EXPECT_EQ(store.renew(lease_of(job), 120000), StoreResult::done);
    clock.advance(119000);
    EXPECT_FALSE(claim("second"));
    JobResult result;
    EXPECT_EQ(store.commit(lease_of(job), result), StoreResult::done);
    EXPECT_EQ(store.get(job.id)->crashes, 0);
}

TEST_F(ClockJump, BackWhatIsQueuedIsNotHeldUp) {
    const std::string id = store.create(wanted()).job.id;
    clock.jump_wall(-day_ms);
    const auto job = claim("first");
    ASSERT_TRUE(job);
    EXPECT_EQ(job->id, id);
}

TEST_F(ClockJump, BackWhatWaitsForARetryIsNotHeldUp) {
    store.create(wanted());
    const Job job = *claim("first");
    RetryDecision decision;
    decision.state = JobState::retry_wait;
    decision.not_before_ms = clock.wall_ms() + 10 * minute_ms;
    EXPECT_EQ(store.end_attempt(lease_of(job), decision), StoreResult::done);
    look();
    clock.jump_wall(-day_ms);
    EXPECT_TRUE(claim("second"));
}

TEST_F(ClockJump, BackALeaseEndsInItsTime) {
    store.create(wanted());
    const Job job = *claim("first");
    clock.jump_wall(-day_ms);
    EXPECT_FALSE(claim("second")) << "its holder may be well";
    clock.advance(119000);
    EXPECT_FALSE(claim("second"));
    clock.advance(2000);
    EXPECT_TRUE(claim("second"));
}

TEST_F(ClockJump, BackMessagesAreSentWhenTheyWouldHaveBeen) {
    store.create(wanted());
    clock.jump_wall(-day_ms);
    std::vector<OutboxEvent> events = due();
    ASSERT_EQ(events.size(), 1U) << "a new one at once";
    EXPECT_EQ(store.record_delivery(events[0], {clock.wall_ms(), 5, 503, ""},
                                    {EventState::pending, clock.wall_ms() + 5 * minute_ms}),
              StoreResult::done);
    EXPECT_TRUE(due().empty());
    // One that is older than the jump, but was tried after it.
    clock.advance(3 * day_ms);
    events = due();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(store.record_delivery(events[0], {clock.wall_ms(), 5, 503, ""},
                                    {EventState::pending, clock.wall_ms() + 30 * minute_ms}),
              StoreResult::done);
    clock.jump_wall(-day_ms);
    EXPECT_EQ(due().size(), 1U);
}

TEST_F(ClockJump, BackBeforeTheStart) {
    const std::string id = store.create(wanted()).job.id;
    clock.jump_wall(-day_ms);
    SqliteJobStore later(folder.path() / "jobs.db", clock);
    ClaimRequest request;
    request.owner = "first";
    const auto job = later.claim(request);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->id, id);
}

TEST_F(ClockJump, SmallStepsChangeNothing) {
    store.create(wanted());
    claim("first");
    store.create(wanted());
    RetryDecision decision;
    decision.state = JobState::retry_wait;
    decision.not_before_ms = clock.wall_ms() + 10 * minute_ms;
    const Job second = *claim("second");
    store.end_attempt(lease_of(second), decision);
    for (const int64_t step_ms : {9000, -9000, 5000}) {
        clock.jump_wall(step_ms);
        look();
    }
    EXPECT_EQ(store.get(second.id)->not_before_ms, decision.not_before_ms);
}

}  // namespace
}  // namespace ft::conformance
