#include "cloud/reap_policy.h"

#include <gtest/gtest.h>

namespace ft::cloud {
namespace {

constexpr int64_t minute = 60000, start = 1000 * minute;

Machine machine_at(int64_t age_ms, const std::string& state = "running") {
    return {"i-1", state, start - age_ms, "job_1", 1};
}

Job job_in(JobState state, int64_t lease_left_ms = 0) {
    Job job;
    job.id = "job_1";
    job.state = state;
    job.owner = "i-1:host/0";
    job.launch_seq = 1;
    job.attempt = 1;
    job.input.etag = "e";
    job.lease_until_ms = start + lease_left_ms;
    return job;
}

/// Passes `gap_ms` apart; nothing changes in between. How many until something is done about it; 0: nothing in 20.
int passes_until_terminated(const Machine& machine, const std::vector<Job>& jobs, int64_t gap_ms) {
    std::vector<Suspicion> before;
    for (int pass = 1; pass <= 20; ++pass) {
        const ReapPlan plan = plan_reap(jobs, {machine}, before, {}, start + (pass - 1) * gap_ms);
        if (!plan.terminate.empty()) return pass;
        before = plan.suspicions;
    }
    return 0;
}

TEST(ReapPolicy, NothingIsDoneInTheFirstPass) {
    EXPECT_EQ(passes_until_terminated(machine_at(30 * minute), {}, 5 * minute), 2);
    EXPECT_EQ(passes_until_terminated(machine_at(30 * minute), {}, minute), 6);  // five minutes without a job
    EXPECT_EQ(passes_until_terminated(machine_at(600 * minute), {}, minute), 2);
    EXPECT_EQ(passes_until_terminated(machine_at(30 * minute, "stopped"), {}, minute), 2);
    // Twenty passes within twenty seconds are one.
    EXPECT_EQ(passes_until_terminated(machine_at(600 * minute), {}, 1000), 0);
}

TEST(ReapPolicy, ABusyMachineIsLeftAloneUntilItsDeadline) {
    const Job busy = job_in(JobState::running, 100 * minute);
    EXPECT_EQ(passes_until_terminated(machine_at(30 * minute), {busy}, minute), 0);
    EXPECT_EQ(passes_until_terminated(machine_at(251 * minute), {busy}, minute), 2);
    Job others = busy;
    others.owner = "i-11:host/0";
    EXPECT_NE(passes_until_terminated(machine_at(30 * minute), {others}, minute), 0);
    // It drains a job that another machine was launched for.
    Job drained = busy;
    drained.id = "job_2";
    drained.launch_seq = 5;
    EXPECT_EQ(passes_until_terminated(machine_at(30 * minute), {drained}, minute), 0);
    const Job run_out = job_in(JobState::running, 0);
    EXPECT_NE(passes_until_terminated(machine_at(30 * minute), {run_out}, minute), 0);
}

TEST(ReapPolicy, AMachineHasTimeToBoot) {
    const ReapPlan plan = plan_reap({}, {machine_at(9 * minute)}, {}, {}, start);
    EXPECT_TRUE(plan.suspicions.empty());
    const Job awaited = job_in(JobState::launching, 100 * minute);
    EXPECT_EQ(passes_until_terminated(machine_at(30 * minute), {awaited}, minute), 0);
    Job launched_again = awaited;
    launched_again.launch_seq = 2;
    EXPECT_NE(passes_until_terminated(machine_at(30 * minute), {launched_again}, minute), 0);
}

TEST(ReapPolicy, WhatEndsIsLeftToIt) {
    for (const char* state : {"shutting-down", "terminated"})
        EXPECT_EQ(passes_until_terminated(machine_at(6000 * minute, state), {}, 5 * minute), 0) << state;
}

TEST(ReapPolicy, ASuspicionEndsWithItsReason) {
    const ReapPlan first = plan_reap({}, {machine_at(30 * minute)}, {}, {}, start);
    ASSERT_EQ(first.suspicions.size(), 1U);
    const ReapPlan busy = plan_reap({job_in(JobState::running, 30 * minute)}, {machine_at(30 * minute)},
                                    first.suspicions, {}, start + 6 * minute);
    EXPECT_TRUE(busy.suspicions.empty());
    const ReapPlan later = plan_reap({}, {machine_at(30 * minute)}, busy.suspicions, {}, start + 12 * minute);
    EXPECT_TRUE(later.terminate.empty());
    ASSERT_EQ(later.suspicions.size(), 1U);
    EXPECT_EQ(later.suspicions[0].since_ms, start + 12 * minute);
}

TEST(ReapPolicy, AJobIsLostWhenTwoPassesSeeTheSame) {
    Job job = job_in(JobState::running, -minute);
    const ReapPlan first = plan_reap({job}, {}, {}, {}, start);
    EXPECT_TRUE(first.lost_jobs.empty());
    EXPECT_EQ(plan_reap({job}, {}, first.suspicions, {}, start + minute).lost_jobs, std::vector<std::string>{"job_1"});
    Job renewed = job;
    renewed.lease_until_ms += 1;
    EXPECT_TRUE(plan_reap({renewed}, {}, first.suspicions, {}, start + minute).lost_jobs.empty());
    Job taken = job;
    ++taken.attempt;
    EXPECT_TRUE(plan_reap({taken}, {}, first.suspicions, {}, start + minute).lost_jobs.empty());
    EXPECT_TRUE(plan_reap({job_in(JobState::running, minute)}, {}, {}, {}, start).suspicions.empty());
}

TEST(ReapPolicy, ACorruptMemoryIsNoReasonToHurry) {
    const std::vector<Suspicion> future = {{"i-1 idle", start + 1000 * minute}};
    const ReapPlan plan = plan_reap({}, {machine_at(30 * minute)}, future, {}, start);
    EXPECT_TRUE(plan.terminate.empty());
    EXPECT_EQ(plan.suspicions[0].since_ms, start);
}

TEST(ReapPolicy, DemandCountsWhatIsDue) {
    Job later = job_in(JobState::retry_wait), queued = job_in(JobState::queued), awaited = job_in(JobState::queued);
    later.not_before_ms = start + 1;
    awaited.input.etag = "";
    awaited.attempt = 0;
    const Job launching = job_in(JobState::launching, 1), vain = job_in(JobState::launching),
              running = job_in(JobState::running, 1), gone = job_in(JobState::running);
    const std::vector<Job> jobs = {later, queued, awaited, launching, vain, running, gone};
    const std::vector<Machine> machines = {machine_at(0), machine_at(0, "pending"), machine_at(0, "terminated")};
    const Demand unaware = demand_of(jobs, machines, {}, start);
    EXPECT_EQ(unaware.waiting, 2);
    EXPECT_EQ(unaware.launching, 1);
    EXPECT_EQ(unaware.running, 2);
    EXPECT_EQ(unaware.machines, 2);
    const Demand aware = demand_of({gone}, {}, {"job_1"}, start);
    EXPECT_EQ(aware.waiting, 1);
    EXPECT_EQ(aware.running, 0);
    // Somebody has renewed it since.
    EXPECT_EQ(demand_of({running}, {}, {"job_1"}, start).running, 1);
}

TEST(ReapPolicy, OwnersNameTheirMachine) {
    EXPECT_EQ(machine_of_owner("i-0abc:host/12"), "i-0abc");
    EXPECT_EQ(machine_of_owner("i-0abc/host"), "i-0abc");
    for (const char* owner : {"", "host/12", "i-0abc", "desk:i-0abc"}) EXPECT_EQ(machine_of_owner(owner), "") << owner;
}

}  // namespace
}  // namespace ft::cloud
