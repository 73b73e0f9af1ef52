#include "cloud/reaper.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cloud/testing/fakes.h"

namespace ft::cloud {
namespace {

constexpr int64_t minute_ms = 60000;

class ReaperTest : public ::testing::Test {
  protected:
    ReaperRun pass(int64_t after_ms = 5 * minute_ms) {
        cloud.clock.advance(after_ms);
        Reaper reaper(
            {cloud.store, cloud.objects, cloud.machines, cloud.intake, cloud.launcher, cloud.notifier, cloud.clock,
             [] { return 0.5; }, [this] { ++prepared; }, [this](const std::string& line) { metrics.push_back(line); }},
            cloud.settings);
        return reaper.run([] { return true; });
    }
    std::string make_job(const std::string& name) {
        const std::string key = "transcription_upload/" + name;
        const std::string id = cloud.put_direct(key);
        EXPECT_EQ(take_upload(cloud.intake, key, ""), Taken::made);
        return id;
    }
    std::optional<Job> claim(const std::string& owner) {
        ClaimRequest request;
        request.owner = owner;
        return cloud.store.claim(request);
    }

    testing::FakeCloud cloud;
    int prepared = 0;
    std::vector<std::string> metrics;
};

TEST_F(ReaperTest, AnOrphanGoesInALaterPass) {
    cloud.machines.machines = {{"i-1", "running", cloud.clock.wall_ms() - 60 * minute_ms, "job_x", 1}};
    EXPECT_EQ(pass().terminated, 0);
    EXPECT_EQ(pass().terminated, 1);
    EXPECT_EQ(cloud.machines.terminated, std::vector<std::string>{"i-1"});
    EXPECT_EQ(prepared, 2);
}

TEST_F(ReaperTest, AMachineThatGetsAJobWhileItIsLookedAtStays) {
    make_job("a.wav");
    cloud.machines.machines = {{"i-1", "running", cloud.clock.wall_ms() - 60 * minute_ms, "job_x", 1}};
    pass();
    ASSERT_TRUE(claim("i-1:w/0"));
    EXPECT_EQ(pass(minute_ms).terminated, 0);
    EXPECT_EQ(pass(minute_ms / 2).terminated, 0);
    EXPECT_TRUE(cloud.machines.terminated.empty());
}

TEST_F(ReaperTest, ALostWorkersJobGetsANewMachine) {
    const std::string id = make_job("a.wav");
    ASSERT_TRUE(claim("i-1:w/0"));
    EXPECT_EQ(pass(minute_ms).launched, 0);
    EXPECT_EQ(pass(2 * minute_ms).launched, 0);  // the lease has just run out
    EXPECT_EQ(pass(minute_ms).launched, 1);
    EXPECT_EQ(cloud.store.get(id)->state, JobState::launching);
    EXPECT_EQ(cloud.store.get(id)->crashes, 1);
}

TEST_F(ReaperTest, WhatWaitsGetsAMachine) {
    make_job("a.wav");
    EXPECT_EQ(pass().launched, 1);
    EXPECT_EQ(pass(minute_ms).launched, 0);
}

TEST_F(ReaperTest, AMachineThatNeverComesIsAskedForAgain) {
    const std::string id = make_job("a.wav");
    EXPECT_EQ(pass().launched, 1);
    cloud.machines.machines.at(0).state = "terminated";
    EXPECT_EQ(pass(6 * minute_ms).launched, 1);
    EXPECT_EQ(cloud.store.get(id)->launch_seq, 2);
    EXPECT_NE(cloud.machines.requests[0].client_token, cloud.machines.requests[1].client_token);
}

TEST_F(ReaperTest, AnObjectWhoseEventWasLostIsFound) {
    const std::string id = cloud.put_direct("transcription_upload/a.wav");
    EXPECT_EQ(pass(minute_ms).swept, 0);  // the event may still come
    EXPECT_EQ(pass(40 * minute_ms).swept, 1);
    EXPECT_TRUE(cloud.store.get(id));
    EXPECT_EQ(pass(40 * minute_ms).swept, 0);
}

TEST_F(ReaperTest, ARecordingThatIsAwaitedComesOrNot) {
    NewJob job;
    job.id = "job_api";
    job.input = {"s3://b/transcription_upload/api/job_api/a.wav", "a.wav", "", "", 100};
    job.not_before_ms = cloud.clock.wall_ms() + 60 * minute_ms;
    cloud.store.create(job);
    job.id = "job_never";
    job.input.uri = "s3://b/transcription_upload/api/job_never/a.wav";
    cloud.store.create(job);
    cloud.uploads.put("transcription_upload/api/job_api/a.wav", 100, "v1", cloud.clock.wall_ms());
    const ReaperRun run = pass(20 * minute_ms);
    EXPECT_EQ(run.arrived, 1);
    EXPECT_EQ(run.launched, 1);
    EXPECT_EQ(cloud.store.get("job_never")->state, JobState::queued);
    EXPECT_EQ(pass(50 * minute_ms).never_came, 1);
    EXPECT_EQ(cloud.store.get("job_never")->state, JobState::cancelled);
}

TEST_F(ReaperTest, MessagesAreTriedAgain) {
    cloud.uploads.texts["callbacks/cb.json"] = R"({"url":"https://example.org/hook"})";
    make_job("cb/a.wav");
    cloud.store.cancel(cloud.only_job().id);
    bool down = true;
    cloud.notifier.answer = [&](const OutboxEvent&) {
        return down ? Delivery{Delivery::Verdict::again, 503, {}, ""}
                    : Delivery{Delivery::Verdict::delivered, 200, {}, ""};
    };
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pass(31 * minute_ms).delivered, 0);
    down = false;
    EXPECT_EQ(pass(24 * 60 * minute_ms).delivered, 1);
    EXPECT_EQ(pass().delivered, 0);
}

TEST_F(ReaperTest, AStepThatFailsKeepsNoOtherFromBeingDone) {
    cloud.put_direct("transcription_upload/a.wav");
    cloud.machines.is_down = true;
    const ReaperRun run = pass(20 * minute_ms);
    EXPECT_EQ(run.swept, 1);
    ASSERT_FALSE(run.failures.empty());
    EXPECT_NE(to_json(run).find("EC2 does not answer"), std::string::npos);
    cloud.machines.is_down = false;
    EXPECT_EQ(pass().launched, 1);
}

TEST_F(ReaperTest, AMemoryThatCannotBeReadIsBegunAnew) {
    cloud.machines.machines = {{"i-1", "running", cloud.clock.wall_ms() - 60 * minute_ms, "job_x", 1}};
    pass();
    cloud.objects.put(Reaper::memory_key, "{\"suspicions\":[7]}");
    EXPECT_EQ(pass().terminated, 0);
    EXPECT_EQ(pass().terminated, 1);
}

TEST_F(ReaperTest, OldJobsAreDeleted) {
    const std::string id = make_job("a.wav");
    cloud.store.cancel(id);
    pass();
    EXPECT_TRUE(cloud.store.get(id));
    cloud.uploads.objects.clear();
    EXPECT_EQ(pass(int64_t{31} * 24 * 60 * minute_ms).deleted, 1);
    EXPECT_FALSE(cloud.store.get(id));
}

TEST_F(ReaperTest, ItsMetricsAreALineOfTheLog) {
    make_job("a.wav");
    pass();
    ASSERT_EQ(metrics.size(), 1U);
    const auto json = nlohmann::json::parse(metrics[0]);
    EXPECT_EQ(json.at("UnfinishedJobs"), 1);
    EXPECT_EQ(json.at("Machines"), 1);
    EXPECT_EQ(json.at("OldestJobAge"), 300);
}

}  // namespace
}  // namespace ft::cloud
