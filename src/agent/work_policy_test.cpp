#include "agent/work_policy.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

using Kind = NextStep::Kind;

WorkLimits limits() {
    WorkLimits limits;
    limits.idle_ms = 60000;
    limits.life_ms = 3600000;
    limits.last_start_ms = 300000;
    return limits;
}

/// A machine that has done a job and found nothing more to do.
WorkFacts idle_at(int64_t now_ms, int64_t since_ms = 1000) {
    WorkFacts facts;
    facts.now_ms = now_ms;
    facts.idle_since_ms = since_ms;
    facts.worked = facts.looked = true;
    return facts;
}

void expect_end(const WorkFacts& facts, EndReason reason) {
    const NextStep step = next_step(limits(), facts);
    EXPECT_EQ(step.kind, Kind::end);
    EXPECT_EQ(to_string(step.reason), to_string(reason));
}

Kind kind(const WorkFacts& facts) {
    return next_step(limits(), facts).kind;
}

TEST(WorkPolicy, BeginsWithTheJobThatTheMachineWasLaunchedFor) {
    WorkFacts facts;
    facts.own_job = true;
    EXPECT_EQ(kind(facts), Kind::take_own);
    facts.own_job = false;
    EXPECT_EQ(kind(facts), Kind::take_any);
}

TEST(WorkPolicy, EndsAtOnceWhenNothingWasThereToBeDone) {
    WorkFacts facts;
    facts.looked = true;
    expect_end(facts, EndReason::nothing_to_do);
    facts.busy = 1;  // another worker of this machine has a job
    EXPECT_EQ(kind(facts), Kind::take_any);
}

TEST(WorkPolicy, WaitsForMoreWithinTheIdleWindowOnly) {
    EXPECT_EQ(kind(idle_at(60999)), Kind::take_any);
    expect_end(idle_at(61000), EndReason::idle);
    WorkFacts busy = idle_at(99000);
    busy.busy = 1;
    EXPECT_EQ(kind(busy), Kind::take_any);
}

TEST(WorkPolicy, LooksOnceMoreAfterTheLastJobEvenWithoutAnIdleWindow) {
    WorkLimits none = limits();
    none.idle_ms = 0;
    WorkFacts facts = idle_at(2000, 2000);
    facts.looked = false;
    EXPECT_EQ(next_step(none, facts).kind, Kind::take_any);
    facts.looked = true;
    EXPECT_EQ(next_step(none, facts).kind, Kind::end);
}

TEST(WorkPolicy, BeginsNothingShortlyBeforeTheDeadlineAndStopsJobsAtIt) {
    WorkFacts facts = idle_at(3299999, 3299000);
    EXPECT_EQ(kind(facts), Kind::take_any);
    facts.now_ms = 3300000;
    expect_end(facts, EndReason::deadline);
    facts.busy = 1;
    EXPECT_EQ(kind(facts), Kind::wait);
    facts.own_job = true;
    EXPECT_EQ(kind(facts), Kind::wait);
    facts.now_ms = 3600000;
    expect_end(facts, EndReason::deadline);
    EXPECT_TRUE(stops_jobs(EndReason::deadline));
}

TEST(WorkPolicy, ANoticeStopsJobsAndARecommendationLetsThemFinish) {
    WorkFacts facts = idle_at(2000);
    facts.busy = 1;
    facts.stop = EndReason::spot_notice;
    expect_end(facts, EndReason::spot_notice);
    facts.stop = EndReason::told_to_stop;
    expect_end(facts, EndReason::told_to_stop);
    facts.stop = EndReason::rebalance;
    EXPECT_EQ(kind(facts), Kind::wait);
    facts.busy = 0;
    expect_end(facts, EndReason::rebalance);
}

TEST(WorkPolicy, AModelThatCannotBeLoadedStillCountsAgainstTheOwnJob) {
    WorkFacts facts;
    facts.own_job = true;
    facts.stop = EndReason::engine_failed;
    EXPECT_EQ(kind(facts), Kind::take_own);
    facts.own_job = false;
    facts.busy = 1;
    EXPECT_EQ(kind(facts), Kind::wait);
    facts.busy = 0;
    expect_end(facts, EndReason::engine_failed);
    EXPECT_TRUE(is_failure(EndReason::engine_failed));
}

TEST(WorkPolicy, AStoreThatStaysSilentEndsTheMachine) {
    WorkFacts facts = idle_at(400000, 399000);
    facts.silent_since_ms = 100001;
    EXPECT_EQ(kind(facts), Kind::take_any);
    facts.silent_since_ms = 100000;
    expect_end(facts, EndReason::store_unreachable);
    facts.busy = 1;
    EXPECT_EQ(kind(facts), Kind::wait);
    // Silence is no sign that nothing waits.
    facts = idle_at(900000);
    facts.silent_since_ms = 899000;
    EXPECT_EQ(kind(facts), Kind::take_any);
}

TEST(WorkPolicy, EndsBeforeTheMachinesOwnTimer) {
    const WorkLimits hour = limits_of_life(3600000, 60000);
    EXPECT_EQ(hour.life_ms, 3600000 - 150000);
    EXPECT_EQ(hour.last_start_ms, 300000);
    const WorkLimits minute = limits_of_life(60000, 0);
    EXPECT_EQ(minute.life_ms, 54000);
    EXPECT_EQ(minute.last_start_ms, 5400);
    EXPECT_EQ(limits_of_life(0, 1).life_ms, 0);
    // Without a deadline a machine goes on for as long as there is work.
    WorkFacts old = idle_at(int64_t{1} << 50, int64_t{1} << 50);
    EXPECT_EQ(next_step(limits_of_life(0, 1000), old).kind, Kind::take_any);
}

}  // namespace
}  // namespace ft
