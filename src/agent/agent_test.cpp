#include "agent/agent.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "base/error.h"
#include "base/log.h"
#include "jobs/job_json.h"
#include "jobs/memory/faulty_stores.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_job_store.h"
#include "jobs/memory/memory_notifier.h"
#include "jobs/memory/memory_object_store.h"

namespace ft {
namespace {

/// Two windows of a minute; what happens meanwhile is the test's.
class ScriptedTranscribe : public Transcribe {
  public:
    std::function<void(const Job& job, int window, const std::atomic<bool>& stop)> during;

    std::string plan(const Job&) override { return "plan"; }
    Transcript transcribe(const TranscribeRequest& request, const WindowFunction& on_window,
                          const std::atomic<bool>& stop) override {
        for (int index = static_cast<int>(request.finished.size()); index < 2; ++index) {
            if (during) during(*request.job, index, stop);
            if (stop.load()) throw Error(ErrorCode::cancelled, "told to stop");
            FinishedWindow window;
            window.index = index;
            window.begin_s = index * 60.0;
            window.end_s = window.begin_s + 60;
            on_window(window, 120);
        }
        Transcript transcript;
        transcript.duration_s = 120;
        return transcript;
    }
};

/// A minute of the clock passes with every look of the agent at itself, so that nothing here waits.
class AgentTest : public ::testing::Test {
  protected:
    AgentTest() : faulty_store(store, faults) {
        options.worker.owner = "machine";
        options.worker.scratch = ::testing::TempDir() + "agent-scratch";
        options.workers = 1;
        options.limits.idle_ms = 600000;
        options.alive_every_ms = 1;
        options.alive = [this] { clock.advance(1000); };
        options.worker.lease = {1000000000, 300000000, 20000};
        previous_ = spdlog::default_logger();
        spdlog::set_default_logger(
            std::make_shared<spdlog::logger>("agent", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
    }
    ~AgentTest() override { spdlog::set_default_logger(previous_); }

    std::string submit(const std::string& id) {
        NewJob job;
        job.id = id;
        const ObjectInfo info = objects.put(input_key(id), "sound");
        job.input.uri = "object:" + info.key;
        job.callback.url = "https://example.org/hook?key=canary-of-the-callback";
        job.callback.secrets = {"whsec_canary"};
        return store.create(job).job.id;
    }
    /// As the function does before it asks for a machine.
    void launch_for(const std::string& id) {
        ASSERT_EQ(store.launch(id, {}), StoreResult::done);
        options.job_id = id;
        options.launch_seq = store.get(id)->launch_seq;
    }
    WorkerParts parts() {
        return {faulty_store, objects, notifier, transcribe, clock, [] { return 0.5; }};
    }
    Agent::Outcome run() {
        Agent agent(parts(), options);
        return agent.run();
    }
    std::string state(const std::string& id) { return std::string(to_string(store.get(id)->state)); }

    ManualClock clock;
    MemoryJobStore store{clock};
    MemoryObjectStore objects{clock};
    Faults faults;
    FaultyJobStore faulty_store;
    MemoryNotifier notifier;
    ScriptedTranscribe transcribe;
    AgentOptions options;
    std::ostringstream log;

  private:
    std::shared_ptr<spdlog::logger> previous_;
};

TEST_F(AgentTest, DoesItsOwnJobThenTheOthersThenWaitsAndEnds) {
    const std::string other = submit("other"), own = submit("own");
    launch_for(own);
    std::vector<std::string> order;
    transcribe.during = [&](const Job& job, int window, const std::atomic<bool>&) {
        if (window == 0) order.push_back(job.id);
    };
    const int64_t begun_ms = clock.boot_ms();
    const Agent::Outcome outcome = run();
    EXPECT_EQ(to_string(outcome.reason), "idle");
    EXPECT_TRUE(outcome.all_ended);
    EXPECT_EQ(order, (std::vector<std::string>{own, other}));
    EXPECT_EQ(state(own), "succeeded");
    EXPECT_EQ(state(other), "succeeded");
    EXPECT_GE(clock.boot_ms() - begun_ms, options.limits.idle_ms);
    EXPECT_EQ(notifier.received().size(), 2U);
}

TEST_F(AgentTest, AJobThatComesWithinTheIdleWindowIsDone) {
    submit("first");
    bool submitted = false;
    options.alive = [&] {
        clock.advance(1000);
        if (state("first") == "succeeded" && !submitted) submitted = !submit("second").empty();
    };
    EXPECT_EQ(to_string(run().reason), "idle");
    EXPECT_EQ(state("second"), "succeeded");
}

TEST_F(AgentTest, AMachineThatComesTooLateEndsAtOnce) {
    const std::string own = submit("own");
    launch_for(own);
    ASSERT_EQ(store.cancel(own), StoreResult::done);
    options.limits.idle_ms = int64_t{1} << 50;
    EXPECT_EQ(to_string(run().reason), "nothing_to_do");
    EXPECT_EQ(state(own), "cancelled");
}

TEST_F(AgentTest, AnotherLaunchOfTheSameJobIsNotItsOwn) {
    const std::string own = submit("own");
    launch_for(own);
    options.launch_seq = 0;
    EXPECT_EQ(to_string(run().reason), "nothing_to_do");
    EXPECT_EQ(state(own), "launching");
}

TEST_F(AgentTest, ASpotNoticeGivesTheJobBackWithItsWindows) {
    submit("job");
    Agent agent(parts(), options);
    transcribe.during = [&](const Job&, int window, const std::atomic<bool>&) {
        if (window == 1) agent.stop(EndReason::spot_notice);
    };
    EXPECT_EQ(to_string(agent.run().reason), "spot_notice");
    EXPECT_EQ(state("job"), "queued");
    EXPECT_EQ(store.get("job")->crashes, 0);
    EXPECT_FALSE(objects.list(checkpoint_prefix("job"), "", 10).empty());
    // Another machine goes on behind them.
    transcribe.during = nullptr;
    EXPECT_EQ(to_string(run().reason), "idle");
    EXPECT_EQ(store.get("job")->progress.windows_resumed, 1);
}

TEST_F(AgentTest, ARecommendationToMoveLetsTheJobFinishAndBeginsNoOther) {
    submit("job");
    submit("next");
    Agent agent(parts(), options);
    transcribe.during = [&](const Job&, int, const std::atomic<bool>&) { agent.stop(EndReason::rebalance); };
    EXPECT_EQ(to_string(agent.run().reason), "rebalance");
    EXPECT_EQ(state("job"), "succeeded");
    EXPECT_EQ(state("next"), "queued");
}

TEST_F(AgentTest, AtTheDeadlineJobsAreGivenBack) {
    submit("job");
    options.limits.life_ms = 120000;
    transcribe.during = [&](const Job&, int window, const std::atomic<bool>& stop) {
        for (int i = 0; window == 1 && !stop.load() && i < 10000; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    EXPECT_EQ(to_string(run().reason), "deadline");
    EXPECT_EQ(state("job"), "queued");
}

TEST_F(AgentTest, AWorkerThatDoesNotComeBackIsNotWaitedFor) {
    submit("job");
    options.limits.life_ms = 120000;
    std::atomic<bool> go_on{false};
    Agent agent(parts(), options);
    transcribe.during = [&](const Job&, int, const std::atomic<bool>&) {
        for (int i = 0; !go_on.load() && i < 20000; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    const Agent::Outcome outcome = agent.run();
    EXPECT_FALSE(outcome.all_ended);
    EXPECT_EQ(to_string(outcome.reason), "deadline");
    go_on = true;
}

TEST_F(AgentTest, ATableOutOfReachEndsTheMachineAfterAWhile) {
    submit("job");
    faults.set("claim", Fault::fails);
    const int64_t begun_ms = clock.boot_ms();
    EXPECT_EQ(to_string(run().reason), "store_unreachable");
    EXPECT_GE(clock.boot_ms() - begun_ms, options.limits.silent_ms);
    EXPECT_EQ(state("job"), "queued");
}

TEST_F(AgentTest, ATableThatAnswersAgainIsForgiven) {
    const std::string own = submit("own");
    launch_for(own);
    faults.set(0, Fault::fails, 3);
    EXPECT_EQ(to_string(run().reason), "idle");
    EXPECT_EQ(state(own), "succeeded");
}

TEST_F(AgentTest, AModelThatCannotBeLoadedIsCountedAndEndsTheMachine) {
    const std::string own = submit("own");
    launch_for(own);
    transcribe.during = [](const Job&, int, const std::atomic<bool>&) {
        throw Error(ErrorCode::bad_model, "the weights are damaged");
    };
    Agent agent(parts(), options);
    agent.stop(EndReason::engine_failed);
    EXPECT_EQ(to_string(agent.run().reason), "engine_failed");
    EXPECT_EQ(state(own), "retry_wait");
    EXPECT_EQ(store.get(own)->crashes, 1);
}

TEST_F(AgentTest, ARefusedLaunchIsTriedAgainWithAnotherMachine) {
    const std::string own = submit("own");
    launch_for(own);
    refuse_launch(store, options, {"image_mismatch", "another image"}, clock, [] { return 0.5; });
    EXPECT_EQ(state(own), "retry_wait");
    EXPECT_EQ(store.get(own)->error.code, "image_mismatch");
    EXPECT_EQ(store.get(own)->transient_failures, 1);
    // Once more, or for a launch that is over, nothing happens.
    options.launch_seq = 7;
    refuse_launch(store, options, {"no_gpu", "none"}, clock, [] { return 0.5; });
    EXPECT_EQ(store.get(own)->error.code, "image_mismatch");
    options.job_id = "no-such-job";
    refuse_launch(store, options, {"no_gpu", "none"}, clock, [] { return 0.5; });
}

TEST_F(AgentTest, SeveralWorkersShareTheJobs) {
    options.workers = 4;
    for (int i = 0; i < 10; ++i) submit("job" + std::to_string(i));
    EXPECT_EQ(to_string(run().reason), "idle");
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(state("job" + std::to_string(i)), "succeeded");
        EXPECT_EQ(store.get("job" + std::to_string(i))->attempt, 1);
    }
    EXPECT_EQ(notifier.received().size(), 10U);
}

class Steps : public WorkerObserver {
  public:
    void on_step(const Job&, WorkerStep step) override { names.emplace_back(to_string(step)); }
    std::string run_report(const Job&) override { return R"({"cost_usd":1})"; }
    std::vector<std::string> names;
};

TEST_F(AgentTest, TheStepsAreToldAndTheReportGoesWithTheCommit) {
    submit("job");
    Steps steps;
    WorkerParts watched = parts();
    watched.observer = &steps;
    Agent(watched, options).run();
    EXPECT_EQ(steps.names, (std::vector<std::string>{"claimed", "fetched", "first_window", "transcribed", "stored",
                                                     "committed", "notified"}));
    const Job job = *store.get("job");
    EXPECT_EQ(job.result.run, R"({"cost_usd":1})");
    EXPECT_EQ(job_from_json(job_to_json(job), "job").result.run, job.result.run);
}

TEST_F(AgentTest, NoSecretReachesTheLog) {
    submit("job");
    notifier.answer = [](const OutboxEvent&) -> Delivery { throw Error(ErrorCode::network, "no way out"); };
    run();
    EXPECT_NE(log.str().find("job"), std::string::npos);
    EXPECT_EQ(log.str().find("canary"), std::string::npos) << log.str();
}

}  // namespace
}  // namespace ft
