#include "service/abandoned_jobs.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_job_store.h"
#include "service/process_name.h"

namespace ft {
namespace {

/// The name that a process had which has ended.
std::string name_of_a_dead_process() {
    int pipe[2];
    if (::pipe(pipe) != 0) return "";
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string name = process_name();
        const ssize_t written = ::write(pipe[1], name.data(), name.size());
        ::_exit(written > 0 ? 0 : 1);
    }
    ::close(pipe[1]);
    char buffer[512];
    const ssize_t got = ::read(pipe[0], buffer, sizeof buffer);
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : "";
}

TEST(ProcessName, TellsTheLivingFromTheGone) {
    EXPECT_EQ(process_name(), process_name());
    EXPECT_FALSE(is_gone(process_name()));
    EXPECT_FALSE(is_gone(process_name() + "/3"));
    const std::string dead = name_of_a_dead_process();
    ASSERT_NE(dead, "");
    EXPECT_TRUE(is_gone(dead));
    EXPECT_TRUE(is_gone(dead + "/0"));
    for (const std::string other : {"", "another-host:12345678:1:1", "a:b:c", "worker-7"})
        EXPECT_FALSE(is_gone(other)) << other << ": nothing is known of it";
}

TEST(AbandonedJobs, OnlyThoseOfProcessesThatAreGoneAreTakenUp) {
    ManualClock clock;
    MemoryJobStore store(clock);
    std::map<std::string, std::string> owners = {
        {"dead", name_of_a_dead_process() + "/0"}, {"alive", process_name() + "/0"}, {"elsewhere", "other:1:2:3/0"}};
    for (const auto& [id, owner] : owners) {
        NewJob job;
        job.id = id;
        job.input.uri = "object:" + id;
        store.create(job);
        ClaimRequest claim;
        claim.owner = owner;
        claim.job_id = id;
        ASSERT_TRUE(store.claim(claim).has_value());
    }
    const auto sweep = [&] { return end_abandoned_attempts(store, clock, [] { return 0.0; }, {}); };
    EXPECT_EQ(sweep(), 1);
    EXPECT_EQ(store.get("dead")->state, JobState::retry_wait);
    EXPECT_EQ(store.get("dead")->crashes, 1) << "a recording that kills its worker is given up in the end";
    EXPECT_EQ(store.get("alive")->state, JobState::running);
    EXPECT_EQ(store.get("elsewhere")->state, JobState::running);
    EXPECT_EQ(sweep(), 0);
}

}  // namespace
}  // namespace ft
