// Claims, leases and fences.
#include <map>
#include <set>
#include <thread>

#include "base/error.h"
#include "suite.h"

namespace ft::conformance {
namespace {

class Claim : public JobsSuite {};
INSTANTIATE_TEST_SUITE_P(Stores, Claim, every_store);

TEST_P(Claim, OldestFirstAndEachOnce) {
    const std::string first = created(wanted()).id;
    clock.advance(10);
    const std::string second = created(wanted()).id;
    EXPECT_EQ(claim("a")->id, first);
    EXPECT_EQ(claim("b")->id, second);
    EXPECT_FALSE(claim("c"));
    const auto job = store->get(first);
    EXPECT_EQ(job->state, JobState::running);
    EXPECT_EQ(job->owner, "a");
    EXPECT_EQ(job->fence, 1);
    EXPECT_EQ(job->attempt, 1);
    EXPECT_EQ(job->lease_until_ms, clock.wall_ms() + 120000);
}

TEST_P(Claim, ThreadsAtOnceGetEachJobOnce) {
    const int jobs = is_slow() ? 12 : 60, threads = is_slow() ? 3 : 6;
    for (int i = 0; i < jobs; ++i) created(wanted());
    std::mutex mutex;
    std::map<std::string, int> taken;
    std::vector<std::thread> all;
    for (int i = 0; i < threads; ++i) {
        all.emplace_back([&, i] {
            while (const auto job = claim("w" + std::to_string(i))) {
                const std::lock_guard lock(mutex);
                ++taken[job->id];
                EXPECT_EQ(job->fence, 1);
            }
        });
    }
    for (std::thread& thread : all) thread.join();
    EXPECT_EQ(taken.size(), static_cast<size_t>(jobs));
    for (const auto& [id, times] : taken) EXPECT_EQ(times, 1) << id;
}

TEST_P(Claim, AnExpiredLeaseIsTakenOverAndTheOldOneIsFenced) {
    created(wanted());
    const Job old = *claim("a");
    clock.advance(119999);
    EXPECT_FALSE(claim("b"));
    clock.advance(1);
    const auto next = claim("b");
    ASSERT_TRUE(next);
    EXPECT_EQ(next->fence, old.fence + 1);
    EXPECT_EQ(next->attempt, 2);
    EXPECT_EQ(next->crashes, 1);
    // Nothing that the first one writes has any effect, whatever it is.
    const Lease zombie = lease_of(old);
    EXPECT_EQ(store->renew(zombie, 120000), StoreResult::stale);
    EXPECT_EQ(store->save_progress(zombie, {1, 2, 3, 0}), StoreResult::stale);
    EXPECT_EQ(store->commit(zombie, result_of(old)), StoreResult::stale);
    EXPECT_EQ(store->end_attempt(zombie, decision(JobState::dead)), StoreResult::stale);
    EXPECT_EQ(store->release(zombie), StoreResult::stale);
    EXPECT_EQ(store->get(old.id)->owner, "b");
    EXPECT_EQ(store->commit(lease_of(*next), result_of(*next)), StoreResult::done);
    EXPECT_EQ(store->commit(zombie, result_of(old)), StoreResult::stale);
    EXPECT_EQ(store->get(old.id)->result.prefix, result_prefix(old.id, 2));
    EXPECT_EQ(store->usage_of(old.id)->fence, 2);
}

TEST_P(Claim, TheSameOwnerWithAnOldFenceIsFencedToo) {
    created(wanted());
    const Job old = *claim("a");
    clock.advance(120000);
    const Job now = *claim("a");
    EXPECT_EQ(store->commit(lease_of(old), result_of(old)), StoreResult::stale);
    EXPECT_EQ(store->commit(lease_of(now), result_of(now)), StoreResult::done);
    EXPECT_EQ(store->commit({now.id, "b", now.fence}, result_of(now)), StoreResult::stale);
}

TEST_P(Claim, RenewingKeepsTheJob) {
    created(wanted());
    const Job job = *claim("a");
    for (int i = 0; i < 10; ++i) {
        clock.advance(100000);
        EXPECT_EQ(store->renew(lease_of(job), 120000), StoreResult::done);
        EXPECT_FALSE(claim("b"));
    }
    // Late, but nobody has taken it.
    clock.advance(500000);
    EXPECT_EQ(store->renew(lease_of(job), 120000), StoreResult::done);
    EXPECT_FALSE(claim("b"));
    // A clock that goes back must not shorten a lease.
    clock.jump_wall(-3600000);
    EXPECT_EQ(store->renew(lease_of(job), 120000), StoreResult::done);
    EXPECT_GT(store->get(job.id)->lease_until_ms, clock.wall_ms() + 3600000);
}

TEST_P(Claim, WorkersThatVanishEndInDead) {
    const std::string id = created(watched()).id;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(claim("w" + std::to_string(i))) << i;
        clock.advance(120000);
    }
    EXPECT_FALSE(claim("w3"));
    const auto job = store->get(id);
    EXPECT_EQ(job->state, JobState::dead);
    EXPECT_EQ(job->error.code, "worker_lost");
    EXPECT_EQ(types_of_events(id).front(), event_dead);
    // The last of them, should it live after all, is fenced.
    EXPECT_EQ(store->commit({id, "w2", 3}, result_of(*job)), StoreResult::stale);
}

TEST_P(Claim, ADeadJobDoesNotHideTheNext) {
    created(wanted());
    for (int i = 0; i < 3; ++i) {
        claim("w");
        clock.advance(120000);
    }
    const std::string next = created(wanted()).id;
    const auto job = claim("w");
    ASSERT_TRUE(job);
    EXPECT_EQ(job->id, next);
}

TEST_P(Claim, WaitsForTheTimeOfTheRetry) {
    const std::string id = created(wanted()).id;
    const Job job = *claim("a");
    EXPECT_EQ(store->end_attempt(lease_of(job), decision(JobState::retry_wait, clock.wall_ms() + 5000)),
              StoreResult::done);
    EXPECT_EQ(state(id), JobState::retry_wait);
    clock.advance(4999);
    EXPECT_FALSE(claim("b"));
    clock.advance(1);
    const auto again = claim("b");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->crashes, 1);
    EXPECT_EQ(again->fence, 2);
}

TEST_P(Claim, NothingBeginsAfterTheDeadline) {
    NewJob job = watched();
    job.deadline_ms = clock.wall_ms() + 1000;
    const std::string id = created(job).id;
    clock.advance(1000);
    EXPECT_FALSE(claim("a"));
    EXPECT_EQ(state(id), JobState::dead);
    EXPECT_EQ(store->get(id)->error.code, "deadline");
}

TEST_P(Claim, AMachineTakesTheJobItWasLaunchedFor) {
    const std::string id = created(wanted()).id;
    EXPECT_EQ(store->launch(id, {.lease_ms = 60000}), StoreResult::done);
    EXPECT_EQ(store->launch(id, {.lease_ms = 60000}), StoreResult::wrong_state);
    EXPECT_EQ(store->launch("job_none", {}), StoreResult::not_found);
    EXPECT_EQ(state(id), JobState::launching);
    EXPECT_FALSE(claim("passer-by"));
    ClaimRequest request;
    request.owner = "machine";
    request.job_id = id;
    request.launch_seq = 7;
    EXPECT_FALSE(store->claim(request));
    request.launch_seq = 1;
    const auto job = store->claim(request);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->state, JobState::running);
    // A second machine of the same launch comes too late.
    request.owner = "twin";
    EXPECT_FALSE(store->claim(request));
}

TEST_P(Claim, AMachineThatNeverComesIsAskedForAgain) {
    const std::string id = created(wanted()).id;
    store->launch(id, {.lease_ms = 60000});
    clock.advance(60000);
    EXPECT_EQ(store->launch(id, {.lease_ms = 60000}), StoreResult::done);
    EXPECT_EQ(store->get(id)->launch_seq, 2);
    EXPECT_EQ(store->get(id)->transient_failures, 1);
    EXPECT_EQ(store->get(id)->crashes, 0);
    clock.advance(60000);
    EXPECT_EQ(store->launch(id, {.lease_ms = 60000, .max_transient_failures = 2}), StoreResult::wrong_state);
    EXPECT_EQ(state(id), JobState::dead);
    EXPECT_EQ(store->get(id)->error.code, "no_capacity");
}

TEST_P(Claim, AJobWhoseWorkerHasGoneMayBeLaunchedAgain) {
    const std::string id = created(wanted()).id;
    const Job first = *claim("zombie");
    EXPECT_EQ(store->launch(id, {}), StoreResult::wrong_state);
    clock.advance(first.lease_until_ms - clock.wall_ms());
    EXPECT_EQ(store->launch(id, {.lease_ms = 60000}), StoreResult::done);
    EXPECT_EQ(store->get(id)->crashes, 1);
    EXPECT_EQ(store->commit(lease_of(first), {}), StoreResult::stale);
    EXPECT_EQ(store->renew(lease_of(first), 60000), StoreResult::stale);
    ClaimRequest request;
    request.owner = "machine";
    request.job_id = id;
    request.launch_seq = 1;
    const auto second = store->claim(request);
    ASSERT_TRUE(second);
    EXPECT_GT(second->fence, first.fence);
    EXPECT_EQ(second->crashes, 1);
    clock.advance(second->lease_until_ms - clock.wall_ms());
    EXPECT_EQ(store->launch(id, {.max_crashes = 2}), StoreResult::wrong_state);
    EXPECT_EQ(state(id), JobState::dead);
    EXPECT_EQ(store->get(id)->error.code, "worker_lost");
}

TEST_P(Claim, ARecordingThatIsStillToComeMakesItsJobDue) {
    NewJob later = wanted();
    later.input.etag = later.input.version = "";
    later.not_before_ms = clock.wall_ms() + 3600000;
    const std::string id = created(later).id;
    EXPECT_FALSE(claim("early"));
    JobInput input = later.input;
    input.etag = "e1";
    input.name = "not the user's name for it";
    input.size_bytes = 77;
    EXPECT_EQ(store->arrive("job_none", input), StoreResult::not_found);
    EXPECT_EQ(store->arrive(id, input), StoreResult::done);
    EXPECT_EQ(store->arrive(id, input), StoreResult::done);
    input.etag = "e2";
    EXPECT_EQ(store->arrive(id, input), StoreResult::wrong_state);
    const auto job = claim("in time");
    ASSERT_TRUE(job);
    EXPECT_EQ(job->input.etag, "e1");
    EXPECT_EQ(job->input.name, later.input.name);
    EXPECT_EQ(job->input.size_bytes, 77);
    input.etag = "e1";
    EXPECT_EQ(store->arrive(id, input), StoreResult::done);
}

TEST_P(Claim, WhatIsUnfinishedIsFoundInEveryState) {
    const std::string ended = created(wanted()).id, launching = created(wanted()).id;
    EXPECT_EQ(store->cancel(ended), StoreResult::done);
    store->launch(launching, {});
    const std::string waiting = created(wanted()).id;
    ASSERT_EQ(store->unfinished(100).size(), 2U);
    for (const Job& job : store->unfinished(100)) EXPECT_TRUE(job.id == launching || job.id == waiting) << job.id;
    EXPECT_EQ(store->unfinished(1).size(), 1U);
    EXPECT_EQ(claim("w")->id, waiting);
    EXPECT_EQ(store->unfinished(100).size(), 2U);
}

TEST_P(Claim, ALaunchThatFindsNoRecordingFails) {
    const std::string id = created(wanted()).id;
    store->launch(id, {});
    RetryDecision gone = decision(JobState::failed, 0);
    gone.kind = FailureClass::permanent;
    EXPECT_EQ(store->launch_failed(id, 1, gone), StoreResult::done);
    EXPECT_EQ(state(id), JobState::failed);
}

TEST_P(Claim, ALaunchThatFailsIsTriedLater) {
    const std::string id = created(wanted()).id;
    store->launch(id, {});
    RetryDecision later = decision(JobState::retry_wait, clock.wall_ms() + 5000);
    later.kind = FailureClass::transient;
    EXPECT_EQ(store->launch_failed(id, 7, later), StoreResult::stale);
    EXPECT_EQ(store->launch_failed(id, 1, later), StoreResult::done);
    EXPECT_EQ(store->launch_failed(id, 1, later), StoreResult::done);  // its answer was lost
    EXPECT_EQ(state(id), JobState::retry_wait);
    EXPECT_EQ(store->get(id)->transient_failures, 1);
    EXPECT_EQ(store->launch(id, {}), StoreResult::wrong_state);
    clock.advance(5000);
    EXPECT_EQ(store->launch(id, {}), StoreResult::done);
    EXPECT_EQ(store->launch_failed(id, 1, later), StoreResult::stale);
    ClaimRequest request;
    request.owner = "machine";
    request.job_id = id;
    request.launch_seq = 2;
    ASSERT_TRUE(store->claim(request));
    EXPECT_EQ(store->launch_failed(id, 2, later), StoreResult::stale);
}

TEST_P(Claim, GivenBackCountsAsNoFailure) {
    const std::string id = created(wanted()).id;
    const Job job = *claim("a");
    EXPECT_EQ(store->release(lease_of(job)), StoreResult::done);
    EXPECT_EQ(store->release(lease_of(job)), StoreResult::done);  // its answer was lost
    EXPECT_EQ(state(id), JobState::queued);
    const auto next = claim("b");
    ASSERT_TRUE(next);
    EXPECT_EQ(next->crashes, 0);
    EXPECT_EQ(next->fence, 2);
    EXPECT_EQ(store->release(lease_of(job)), StoreResult::stale);
}

}  // namespace
}  // namespace ft::conformance
