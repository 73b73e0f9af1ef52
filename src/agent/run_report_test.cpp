#include "agent/run_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "jobs/memory/manual_clock.h"

namespace ft {
namespace {

Machine spot_machine() {
    Machine machine;
    machine.instance_id = "i-1";
    machine.type = "g4dn.xlarge";
    machine.zone = "eu-north-1a";
    machine.life_cycle = "spot";
    return machine;
}

Job job(const std::string& id) {
    Job job;
    job.id = id;
    return job;
}

std::vector<std::string> names(const nlohmann::json& report) {
    std::vector<std::string> names;
    for (const auto& stage : report.at("stages")) names.push_back(stage.at("name"));
    return names;
}

TEST(RunReport, TellsTheStagesInTheOrderInWhichTheyCame) {
    const ManualClock clock;
    RunReport report(clock, spot_machine());
    Job first = job("a");
    first.timeline = {{1000, JobState::queued, ""}, {2000, JobState::launching, ""}, {3000, JobState::running, ""}};
    report.on_step(first, WorkerStep::claimed);
    clock.advance(200);
    report.on_step(first, WorkerStep::fetched);
    clock.advance(300);
    report.stage("engine_ready");
    report.stage("engine_ready");
    clock.advance(100);
    for (const WorkerStep step : {WorkerStep::first_window, WorkerStep::transcribed, WorkerStep::stored})
        report.on_step(first, step);
    const auto json = nlohmann::json::parse(report.run_report(first));
    EXPECT_EQ(names(json), (std::vector<std::string>{"launched", "kernel", "worker", "claimed", "fetched",
                                                     "engine_ready", "first_window", "transcribed", "stored"}));
    EXPECT_EQ(json["stages"][0]["at_ms"], 2000);
    EXPECT_EQ(json["stages"][1]["at_ms"], clock.wall_ms() - clock.boot_ms());
    EXPECT_DOUBLE_EQ(json["stages"][1]["since_boot_s"], 0);
    EXPECT_DOUBLE_EQ(json["stages"][5]["since_boot_s"], 5000.5);
    EXPECT_EQ(json["instance"]["type"], "g4dn.xlarge");
    EXPECT_FALSE(json.contains("cost_usd"));
    EXPECT_FALSE(json.contains("image"));
}

TEST(RunReport, CostsOfAMachinesJobsAddUp) {
    const ManualClock clock;
    RunReport report(clock, spot_machine());
    report.set_price(0.36);
    double sum = 0;
    for (const char* id : {"a", "b", "c"}) {
        report.on_step(job(id), WorkerStep::claimed);
        clock.advance(36000);
        const auto json = nlohmann::json::parse(report.run_report(job(id)));
        EXPECT_DOUBLE_EQ(json["price_usd_hour"], 0.36);
        sum += json["cost_usd"].get<double>();
    }
    EXPECT_DOUBLE_EQ(sum, cost_usd(0.36, clock.boot_ms()));
    EXPECT_DOUBLE_EQ(cost_usd(0.36, 36000), 0.0036);
}

TEST(RunReport, AMachineThatIsNotRentedIsPaidForFromTheWorkersStart) {
    const ManualClock clock;
    RunReport report(clock, {});
    report.set_price(3600);
    clock.advance(2000);
    const auto json = nlohmann::json::parse(report.run_report(job("a")));
    EXPECT_DOUBLE_EQ(json["cost_usd"], 2);
    EXPECT_FALSE(json.contains("instance"));
    EXPECT_EQ(names(json), (std::vector<std::string>{"worker"}));
}

TEST(RunReport, TellsAboutTheImageAndWhatElseWasOddAndStartsAnewWithAnotherAttempt) {
    const ManualClock clock;
    RunReport report(clock, {});
    report.set_image({ImageVerdict::Kind::mismatch, "the instance runs x, the parameter says y"});
    report.note("no GPU: computed on the CPU");
    report.on_step(job("a"), WorkerStep::claimed);
    report.on_step(job("a"), WorkerStep::fetched);
    report.on_step(job("a"), WorkerStep::claimed);
    const auto json = nlohmann::json::parse(report.run_report(job("a")));
    EXPECT_EQ(json["image"]["verdict"], "mismatch");
    EXPECT_EQ(json["notes"][0], "no GPU: computed on the CPU");
    EXPECT_EQ(names(json), (std::vector<std::string>{"worker", "claimed"}));
}

}  // namespace
}  // namespace ft
