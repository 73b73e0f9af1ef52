// The seeded simulator (docs/jobs.md, "Tests"): FT_SCHEDULES says how many, FT_SEED with which seed to begin.
#include "simulation.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>

#include "base/testing/temporary_folder.h"

namespace ft::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int64_t usual_schedules = 100;
#else
constexpr int64_t usual_schedules = 10000;
#endif

int64_t from_environment(const char* name, int64_t fallback) {
    const char* text = std::getenv(name);
    return text == nullptr ? fallback : std::atoll(text);
}

class SimulationTest : public ::testing::Test {
  protected:
    SimulationTest() {
        spdlog::set_level(spdlog::level::off);
        // One thread runs at a time: on one core the turn goes over without a wait.
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<size_t>(std::max(sched_getcpu(), 0)), &one);
        ::sched_setaffinity(0, sizeof one, &one);
    }

    Outcome run(int64_t seed, const Sabotage& sabotage = {}) {
        return simulate(static_cast<uint64_t>(seed), sabotage, folder_.path());
    }

    /// Schedules until one of them shows that the protection is missed; -1: none does.
    int64_t schedules_until_violation(const Sabotage& sabotage, const std::string& what) {
        for (int64_t seed = 1; seed <= 3000; ++seed) {
            for (const std::string& violation : run(seed, sabotage).violations) {
                if (violation.find(what) != std::string::npos) return seed;
            }
        }
        return -1;
    }

    test::TemporaryFolder folder_;
};

TEST_F(SimulationTest, EveryScheduleEndsWell) {
    const int64_t first = from_environment("FT_SEED", 1), schedules = from_environment("FT_SCHEDULES", usual_schedules);
    Outcome sum;
    for (int64_t seed = first; seed < first + schedules; ++seed) {
        const Outcome outcome = run(seed);
        for (const std::string& violation : outcome.violations) ADD_FAILURE() << violation;
        if (!outcome.violations.empty())
            FAIL() << "schedule " << seed << ": once more with FT_SEED=" << seed << " FT_SCHEDULES=1";
        sum.jobs += outcome.jobs;
        sum.succeeded += outcome.succeeded;
        sum.machines += outcome.machines;
    }
    std::printf("%lld schedules: %d jobs, %d succeeded, %d machines, no violation\n", static_cast<long long>(schedules),
                sum.jobs, sum.succeeded, sum.machines);
    EXPECT_GT(sum.succeeded, schedules / 2);
}

TEST_F(SimulationTest, ASeedIsOneCourseOfEvents) {
    for (int64_t seed = 1; seed <= 20; ++seed) {
        const Outcome first = run(seed), again = run(seed);
        EXPECT_EQ(first.trace, again.trace) << seed;
        EXPECT_FALSE(first.trace.empty());
    }
}

// What follows proves that the simulator would see it: with one protection off it finds a violation, after thousands of
// schedules for some, which a sanitizer makes many minutes.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

TEST_F(SimulationTest, WithoutTheFenceAZombieWrites) {
    EXPECT_GT(schedules_until_violation({.no_fence = true}, "of another fence"), 0);
}

TEST_F(SimulationTest, AReaperThatSeesNoLeasesKillsBusyMachines) {
    EXPECT_GT(schedules_until_violation({.blind_reaper = true}, "had renewed its lease"), 0);
}

TEST_F(SimulationTest, WithoutClientTokensALaunchIsDoubled) {
    EXPECT_GT(schedules_until_violation({.no_client_token = true}, "two machines of launch"), 0);
}

TEST_F(SimulationTest, WithoutTheSweepALostEventIsALostRecording) {
    EXPECT_GT(schedules_until_violation({.no_sweep = true}, "has no job"), 0);
}
#endif

}  // namespace
}  // namespace ft::simulation
