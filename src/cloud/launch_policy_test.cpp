#include "cloud/launch_policy.h"

#include <gtest/gtest.h>

#include <set>

namespace ft::cloud {
namespace {

CloudSettings settings() {
    CloudSettings made;
    made.stack = "stack";
    made.launch_template = "lt-1";
    made.subnets = {"subnet-a", "subnet-b", "subnet-c"};
    made.instance_types = {"g4dn.xlarge", "g5.xlarge"};
    return made;
}

Job launched_job() {
    Job job;
    job.id = "job_1";
    job.state = JobState::launching;
    job.launch_seq = 3;
    job.created_ms = 1000;
    return job;
}

TEST(LaunchPolicy, TenUploadsCostOneBoot) {
    EXPECT_EQ(launches_wanted({.waiting = 10}, 4, 10), 1);
    EXPECT_EQ(launches_wanted({.waiting = 9, .launching = 1}, 4, 10), 0);
    EXPECT_EQ(launches_wanted({.waiting = 9, .launching = 1, .machines = 1}, 4, 10), 0);
    EXPECT_EQ(launches_wanted({.waiting = 9, .running = 1, .machines = 1}, 4, 10), 0);
    EXPECT_EQ(launches_wanted({.waiting = 10, .running = 1, .machines = 1}, 4, 10), 1);
}

TEST(LaunchPolicy, NothingIsLaunchedForNothing) {
    EXPECT_EQ(launches_wanted({}, 4, 10), 0);
    EXPECT_EQ(launches_wanted({.running = 30, .machines = 1}, 4, 10), 0);
    EXPECT_EQ(launches_wanted({.waiting = 1}, 0, 10), 0);
}

/// Over many states of the world: within the limit, never more than jobs wait, none when a machine would find nothing
/// to do, and one when something waits and nobody lives.
TEST(LaunchPolicy, ItsBoundsHoldEverywhere) {
    for (int waiting = 0; waiting < 25; waiting += 3) {
        for (int launching = 0; launching < 5; ++launching) {
            for (int running = 0; running < 5; ++running) {
                for (int machines = 0; machines < 7; ++machines) {
                    for (const int most : {0, 1, 3, 100}) {
                        const int wanted = launches_wanted({waiting, launching, running, machines}, most, 4);
                        EXPECT_GE(wanted, 0);
                        EXPECT_LE(wanted, waiting);
                        if (wanted > 0) {
                            EXPECT_LE(machines + wanted, most);
                        }
                        if (waiting > 0 && launching + machines == 0 && most > 0) {
                            EXPECT_GT(wanted, 0);
                        }
                    }
                }
            }
        }
    }
}

TEST(LaunchPolicy, ARepetitionAsksForTheSame) {
    const Job job = launched_job();
    const aws::FleetRequest first = fleet_request(job, settings());
    Job later = job;
    later.lease_until_ms = later.updated_ms = 77;
    const aws::FleetRequest again = fleet_request(later, settings());
    EXPECT_EQ(first.client_token, again.client_token);
    EXPECT_EQ(first.spot, again.spot);
    EXPECT_EQ(first.instance_tags, again.instance_tags);
    ASSERT_EQ(first.choices.size(), 6U);
    for (size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(first.choices[i].instance_type, again.choices[i].instance_type);
        EXPECT_EQ(first.choices[i].subnet_id, again.choices[i].subnet_id);
    }
    EXPECT_EQ(first.instance_tags.at(job_tag), "job_1");
    EXPECT_EQ(first.instance_tags.at(launch_tag), "3");
    EXPECT_EQ(first.instance_tags.at(stack_tag), "stack");
}

TEST(LaunchPolicy, EveryLaunchHasATokenOfItsOwn) {
    std::set<std::string> tokens;
    for (const char* id : {"job_1", "job_11", "job_2"}) {
        for (int seq = 1; seq < 20; ++seq) {
            const std::string token = client_token(id, seq);
            EXPECT_LE(token.size(), 64U);
            EXPECT_TRUE(tokens.insert(token).second) << id << seq;
        }
    }
}

TEST(LaunchPolicy, TheMostHopefulFailureDecides) {
    aws::FleetResult result;
    EXPECT_EQ(judge_fleet(result).outcome, LaunchOutcome::refused);
    result.failures = {{"UnauthorizedOperation", "no", "", ""}};
    EXPECT_EQ(judge_fleet(result).outcome, LaunchOutcome::refused);
    EXPECT_EQ(judge_fleet(result).code, "UnauthorizedOperation");
    result.failures.push_back({"RequestLimitExceeded", "slow", "", ""});
    EXPECT_EQ(judge_fleet(result).outcome, LaunchOutcome::throttled);
    result.failures.push_back({"InsufficientInstanceCapacity", "none", "g4dn.xlarge", "subnet-a"});
    EXPECT_EQ(judge_fleet(result).outcome, LaunchOutcome::no_capacity);
    EXPECT_EQ(judge_fleet(result).message, "none");
    result.launched = {{"i-1", "g4dn.xlarge", "spot"}};
    EXPECT_EQ(judge_fleet(result).outcome, LaunchOutcome::launched);
}

TEST(LaunchPolicy, OnDemandComesAfterSpotAndOnlyWhenAllowed) {
    CloudSettings given = settings();
    Job job = launched_job();
    const LaunchVerdict none{LaunchOutcome::no_capacity, "InsufficientInstanceCapacity", "none left"};
    EXPECT_TRUE(fleet_request(job, given).spot);
    RetryDecision decision = after_failed_launch(job, none, given, {}, 5000, 0.5);
    EXPECT_EQ(decision.state, JobState::retry_wait);
    EXPECT_EQ(decision.error.code, "no_capacity");
    EXPECT_GT(decision.not_before_ms, 5000);
    job.error = decision.error;
    EXPECT_TRUE(fleet_request(job, given).spot);

    given.on_demand = OnDemand::on_no_capacity;
    decision = after_failed_launch(job, none, given, {}, 5000, 0.5);
    EXPECT_EQ(decision.not_before_ms, 5000);
    job.error = decision.error;
    EXPECT_FALSE(fleet_request(job, given).spot);
    // On demand there is none either: the next one is spot again, later.
    decision = after_failed_launch(job, none, given, {}, 5000, 0.5);
    EXPECT_GT(decision.not_before_ms, 5000);
    job.error = decision.error;
    EXPECT_TRUE(fleet_request(job, given).spot);
    // A template that is wrong costs no on-demand machine.
    decision = after_failed_launch(job, {LaunchOutcome::refused, "InvalidLaunchTemplateId.NotFound", ""}, given, {},
                                   5000, 0.5);
    job.error = decision.error;
    EXPECT_EQ(decision.error.code, "launch_refused");
    EXPECT_TRUE(fleet_request(job, given).spot);
}

TEST(LaunchPolicy, LaunchesEnd) {
    Job job = launched_job();
    job.transient_failures = 19;
    const LaunchVerdict none{LaunchOutcome::no_capacity, "UnfulfillableCapacity", ""};
    EXPECT_EQ(after_failed_launch(job, none, settings(), {}, 5000, 0.5).state, JobState::dead);
    CloudSettings given = settings();
    given.on_demand = OnDemand::on_no_capacity;
    EXPECT_EQ(after_failed_launch(job, none, given, {}, 5000, 0.5).state, JobState::dead);
}

TEST(LaunchPolicy, CodesAreSorted) {
    for (const char* code : {"InsufficientInstanceCapacity", "MaxSpotInstanceCountExceeded", "VcpuLimitExceeded"})
        EXPECT_EQ(judge_code(code), LaunchOutcome::no_capacity) << code;
    EXPECT_EQ(judge_code("RequestLimitExceeded"), LaunchOutcome::throttled);
    EXPECT_EQ(judge_code("IdempotentParameterMismatch"), LaunchOutcome::changed);
    for (const char* code : {"UnauthorizedOperation", "InvalidParameterValue", "", "SomethingNew"})
        EXPECT_EQ(judge_code(code), LaunchOutcome::refused) << code;
}

}  // namespace
}  // namespace ft::cloud
