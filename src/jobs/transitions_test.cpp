#include "jobs/transitions.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/error.h"

namespace ft {
namespace {

constexpr JobEvent all_events[] = {JobEvent::launch, JobEvent::claim,   JobEvent::succeed,
                                   JobEvent::retry,  JobEvent::fail,    JobEvent::give_up,
                                   JobEvent::cancel, JobEvent::redrive, JobEvent::release};

Job job_in(JobState state) {
    Job job;
    job.id = "job_1";
    job.state = state;
    job.fence = 5;
    job.owner = "w";
    job.lease_until_ms = 2000;
    job.not_before_ms = 500;
    return job;
}

TEST(Transitions, TerminalStatesAreLeftByRedriveOnly) {
    for (const JobState state : all_job_states) {
        if (!is_terminal(state)) continue;
        for (const JobEvent event : all_events) {
            const bool redrive = event == JobEvent::redrive && state != JobState::succeeded;
            EXPECT_EQ(next_state(state, event).has_value(), redrive) << to_string(state);
        }
    }
}

TEST(Transitions, EveryOtherStateCanBeCancelledClaimedAndGivenUp) {
    for (const JobState state : all_job_states) {
        if (is_terminal(state)) continue;
        EXPECT_EQ(next_state(state, JobEvent::cancel), JobState::cancelled);
        EXPECT_EQ(next_state(state, JobEvent::claim), JobState::running);
        EXPECT_EQ(next_state(state, JobEvent::give_up), JobState::dead);
    }
}

TEST(Transitions, OnlyRunningSucceeds) {
    for (const JobState state : all_job_states)
        EXPECT_EQ(next_state(state, JobEvent::succeed).has_value(), state == JobState::running);
}

/// A write of a worker needs the state running, its name and its fence: two of three are not enough.
TEST(Transitions, AWriteNeedsTheWholeLease) {
    const Lease mine{"job_1", "w", 5};
    for (const JobState state : all_job_states) {
        for (const Lease& lease : {mine, Lease{"job_1", "other", 5}, Lease{"job_1", "w", 4}, Lease{"job_1", "w", 6}}) {
            const bool right = state == JobState::running && lease.owner == "w" && lease.fence == 5;
            const Job job = job_in(state);
            for (const Step& step : {step_renew(job, lease, 100, 1000), step_progress(job, lease, {}, 1000),
                                     step_commit(job, lease, {}, 1000),
                                     step_end_attempt(job, lease, {JobState::dead, 0, FailureClass::crash, {}}, 1000),
                                     step_release(job, lease, 1000)}) {
                EXPECT_EQ(step.change.has_value(), right) << to_string(state) << lease.owner << lease.fence;
                if (step.change) {
                    EXPECT_EQ(step.change->job.fence, 5);
                }
            }
        }
    }
}

TEST(Transitions, AFenceNeverGoesBackAndGrowsWithEveryNewHolder) {
    ClaimRequest request;
    request.owner = "x";
    Job job = job_in(JobState::running);
    EXPECT_EQ(step_claim(job, request, 1999).result, StoreResult::stale);
    const Step taken = step_claim(job, request, 2000);
    ASSERT_TRUE(taken.change);
    EXPECT_EQ(taken.change->job.fence, 6);
    EXPECT_EQ(step_cancel(job, 0).change->job.fence, 6);
    EXPECT_EQ(step_redrive(job_in(JobState::dead), 0).change->job.fence, 6);
}

/// Random calls by workers with right and wrong leases: what the design promises holds after each of them.
TEST(Transitions, RandomWalksKeepThePromises) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto upto = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    for (int walk = 0; walk < 300; ++walk) {
        NewJob wanted;
        wanted.callback = {"https://x", {}};
        int64_t now = 1000;
        Job job = new_job(wanted, "job_1", now).job;
        std::vector<Lease> leases;
        int commits = 0;
        std::map<std::string, int> events;
        for (int call = 0; call < 60; ++call) {
            now += upto(400);
            ClaimRequest request;
            request.owner = "w" + std::to_string(upto(3));
            request.lease_ms = 500;
            const Lease lease = leases.empty() ? Lease{"job_1", "w0", 0} : leases[random() % leases.size()];
            const JobState ends[] = {JobState::retry_wait, JobState::failed, JobState::dead};
            const RetryDecision decision{ends[upto(3)], now + upto(300), FailureClass::transient, {"c", "m"}};
            Step step;
            switch (upto(10)) {
                case 0:
                case 1:
                case 2:
                    step = step_claim(job, request, now);
                    break;
                case 3:
                    step = step_renew(job, lease, 500, now);
                    break;
                case 4:
                    step = step_commit(job, lease, {}, now);
                    break;
                case 5:
                    step = step_end_attempt(job, lease, decision, now);
                    break;
                case 6:
                    step = step_release(job, lease, now);
                    break;
                case 7:
                    if (upto(4) == 0) step = step_cancel(job, now);
                    break;
                case 8:
                    step = step_redrive(job, now);
                    break;
                default:
                    step = step_launch(job, {300, 20, 3}, now);
                    break;
            }
            if (!step.change) continue;
            const Job& next = step.change->job;
            EXPECT_GE(next.fence, job.fence);
            EXPECT_NE(job.state, JobState::succeeded);  // nothing follows it
            if (next.state == JobState::running && next.attempt > job.attempt)
                leases.push_back({"job_1", next.owner, next.fence});
            if (step.change->usage) ++commits;
            if (step.change->event) ++events[step.change->event->id];
            job = next;
        }
        EXPECT_EQ(commits, job.state == JobState::succeeded ? 1 : 0);
        for (const auto& [id, times] : events) EXPECT_EQ(times, 1) << id;
        std::map<int64_t, int> holders;
        for (const Lease& lease : leases) EXPECT_EQ(++holders[lease.fence], 1);
    }
}

}  // namespace
}  // namespace ft
