// The worker dies, is refused, or loses an answer at every single call that it makes.
#include "base/error.h"
#include "jobs/retention.h"
#include "worker_fixture.h"

namespace ft::conformance {
namespace {

class WorkerFaults : public WorkerSuite {
  protected:
    /// Slow stores get one fault a call, each in its turn; the others get all. What is lost on the line between a store
    /// and its service is tested at the store (dynamo_test.cpp).
    static bool is_left_out(Fault fault, size_t call) {
        return is_slow() && call % 4 + 1 != static_cast<size_t>(fault);
    }
    /// Lets time go by and others work until the job is at its end.
    void finish(const std::string& id) {
        faults.clear();
        for (int i = 0; i < 10 && !is_terminal(state(id)); ++i) {
            clock.advance(700000);
            worker("heir" + std::to_string(i)).run_one();
        }
        clock.advance(60000);
        deliver_due(*store, notifier, clock, [] { return 0.5; });
    }
    /// Messages about the job that the receiver has got, by id.
    std::map<std::string, int> received(const std::string& id) {
        std::map<std::string, int> ids;
        for (const OutboxEvent& event : notifier.received()) {
            if (event.job_id == id) ++ids[event.id];
        }
        return ids;
    }
    std::vector<std::string> calls_of_a_good_run() {
        submit();
        faults.clear();
        EXPECT_EQ(worker().run_one(), Round::succeeded);
        return faults.calls();
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, WorkerFaults, every_store);

TEST_P(WorkerFaults, AtEveryCall) {
    transcribe.windows = 2;
    const std::vector<std::string> calls = calls_of_a_good_run();
    for (const char* expected : {"claim", "fetch", "put", "save_progress", "commit", "claim_events", "deliver",
                                 "record_delivery", "remove object"})
        EXPECT_NE(std::find(calls.begin(), calls.end(), expected), calls.end()) << expected;
    for (const Fault fault : {Fault::dies_before, Fault::dies_after, Fault::fails, Fault::lost_reply}) {
        for (size_t call = 0; call < calls.size(); ++call) {
            if (is_left_out(fault, call)) continue;
            SCOPED_TRACE(calls[call] + ", call " + std::to_string(call) + ", fault " +
                         std::to_string(static_cast<int>(fault)));
            const std::string id = submit();
            faults.clear();
            faults.set(static_cast<int>(call), fault);
            try {
                worker("victim").run_one();
                EXPECT_TRUE(fault == Fault::fails || fault == Fault::lost_reply);
            } catch (const SimulatedCrash&) {
                EXPECT_TRUE(fault == Fault::dies_before || fault == Fault::dies_after);
            } catch (const Error&) {
                EXPECT_EQ(calls[call], "claim");
            }
            finish(id);
            expect_one_result(id);
            EXPECT_EQ(received(id).size(), 1U);
            EXPECT_LE(store->get(id)->attempt, 2);
        }
    }
    // Nothing of all that is left behind for ever.
    clock.advance(1000);
    delete_expired(*store, *objects, clock.wall_ms());
    EXPECT_TRUE(store->list({}).jobs.empty());
    EXPECT_TRUE(objects->list("", "", 10).empty());
}

TEST_P(WorkerFaults, FailuresOfTheEndAreWrittenThroughFaults) {
    transcribe.during = [](int64_t, const std::atomic<bool>&) { throw Error(ErrorCode::bad_media, "no sound"); };
    submit();
    faults.clear();
    EXPECT_EQ(worker().run_one(), Round::failed);
    const std::vector<std::string> calls = faults.calls();
    EXPECT_NE(std::find(calls.begin(), calls.end(), "end_attempt"), calls.end());
    for (const Fault fault : {Fault::dies_before, Fault::dies_after, Fault::fails, Fault::lost_reply}) {
        for (size_t call = 0; call < calls.size(); ++call) {
            if (is_left_out(fault, call)) continue;
            SCOPED_TRACE(calls[call] + ", fault " + std::to_string(static_cast<int>(fault)));
            const std::string id = submit();
            faults.clear();
            faults.set(static_cast<int>(call), fault);
            try {
                worker("victim").run_one();
            } catch (const SimulatedCrash&) {
            } catch (const Error&) {
            }
            finish(id);
            EXPECT_EQ(state(id), JobState::failed);
            EXPECT_EQ(events(id, event_failed), 1);
            EXPECT_EQ(received(id).size(), 1U);
            EXPECT_FALSE(store->usage_of(id));
        }
    }
}

TEST_P(WorkerFaults, ALostAnswerToTheCommitIsNoSecondAttempt) {
    const std::vector<std::string> calls = calls_of_a_good_run();
    const auto commit = std::find(calls.begin(), calls.end(), "commit") - calls.begin();
    const std::string id = submit();
    faults.clear();
    faults.set(static_cast<int>(commit), Fault::lost_reply, 2);
    EXPECT_EQ(worker().run_one(), Round::succeeded);
    EXPECT_EQ(store->get(id)->attempt, 1);
    expect_one_result(id);
}

TEST_P(WorkerFaults, AStoreThatIsGoneForGoodEndsTheRoundNotTheJob) {
    const std::vector<std::string> calls = calls_of_a_good_run();
    for (size_t call = 1; call < calls.size(); call += is_slow() ? 8 : 1) {
        SCOPED_TRACE(calls[call] + " and all after it");
        const std::string id = submit();
        faults.clear();
        faults.set(static_cast<int>(call), Fault::fails, 1000);
        const Round round = worker("victim").run_one();
        EXPECT_TRUE(round == Round::lost || round == Round::succeeded);
        finish(id);
        expect_one_result(id);
    }
}

}  // namespace
}  // namespace ft::conformance
