// The worker: results, checkpoints, its lease, cancellation, and what errors mean.
#include <new>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "jobs/lease_keeper.h"
#include "jobs/memory/memory_job_store.h"
#include "worker_fixture.h"

namespace ft::conformance {
namespace {

class WorkerTest : public WorkerSuite {};
INSTANTIATE_TEST_SUITE_P(Stores, WorkerTest, every_store);

TEST_P(WorkerTest, FromTheQueueToTheMessage) {
    const std::string id = submit();
    Worker first = worker();
    EXPECT_EQ(first.run_one(), Round::succeeded);
    EXPECT_EQ(first.run_one(), Round::idle);
    expect_one_result(id);
    const auto job = store->get(id);
    EXPECT_EQ(job->result.model, "tiny");
    EXPECT_EQ(job->result.audio_s, 90.0);
    EXPECT_EQ(job->progress.windows_done, 3);
    ASSERT_EQ(notifier.received().size(), 1U);
    EXPECT_EQ(notifier.received()[0].type, event_completed);
    EXPECT_TRUE(objects->list(checkpoint_prefix(id), "", 1).empty());
    // The user's name of the file, not the worker's.
    EXPECT_NE(objects->get(job->result.prefix + "transcript.json").find("möte.mp3"), std::string::npos);
}

TEST_P(WorkerTest, AJobTakenUpAgainGoesOnAtTheFirstUnfinishedWindow) {
    transcribe.windows = 9;
    const std::string id = submit();
    transcribe.during = [](int64_t index, const std::atomic<bool>&) {
        if (index == 4) throw SimulatedCrash{"window 4"};
    };
    ASSERT_TRUE(crashes("first"));
    EXPECT_EQ(store->get(id)->progress.windows_done, 5);  // 0 1 2 3 and 5
    EXPECT_EQ(store->get(id)->progress.done_s, 150.0);    // 30 s each
    clock.advance(120000);
    transcribe.during = nullptr;
    EXPECT_EQ(worker("second").run_one(), Round::succeeded);
    expect_one_result(id);
    for (int64_t i = 0; i < 9; ++i) EXPECT_EQ(transcribe.computed[i], 1) << i;
    EXPECT_EQ(store->get(id)->progress.windows_resumed, 5);
    EXPECT_EQ(store->get(id)->progress.windows_done, 9);
}

TEST_P(WorkerTest, WhatWasFinishedBeforeIsToldThoughNothingIsLeftToDo) {
    const std::string id = submit();
    faults.set("commit", Fault::dies_before);
    ASSERT_TRUE(crashes("first"));
    clock.advance(120000);
    faults.clear();
    EXPECT_EQ(worker("second").run_one(), Round::succeeded);
    for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(transcribe.computed[i], 1) << i;
    EXPECT_EQ(store->get(id)->progress.windows_resumed, 3);
    EXPECT_EQ(store->get(id)->progress.windows_done, 3);
    expect_one_result(id);
}

TEST_P(WorkerTest, WindowsOfAnotherPlanOrDamagedOnesAreComputedAgain) {
    const std::string id = submit();
    transcribe.during = [](int64_t index, const std::atomic<bool>&) {
        if (index == 2) throw SimulatedCrash{"window 2"};
    };
    ASSERT_TRUE(crashes("first"));
    const std::string kept = objects->list(checkpoint_prefix(id), "", 1).front().key;
    const std::string whole = objects->get(kept);
    objects->put(kept, whole.substr(0, whole.size() / 2));
    objects->put(checkpoint_prefix(id) + "zzz", "what is this?");
    clock.advance(120000);
    ASSERT_TRUE(crashes("second"));
    EXPECT_EQ(transcribe.computed[0], 2);
    EXPECT_EQ(transcribe.computed[1], 1);
    clock.advance(120000);
    transcribe.during = nullptr;
    transcribe.plan_name = "plan B";
    EXPECT_EQ(worker("third").run_one(), Round::succeeded);
    EXPECT_EQ(transcribe.computed[0], 3);
    EXPECT_EQ(transcribe.computed[1], 2);
    EXPECT_EQ(transcribe.computed[2], 1);
    expect_one_result(id);
}

TEST_P(WorkerTest, TheHeartbeatKeepsALongJob) {
    const std::string id = submit();
    transcribe.windows = 5;
    transcribe.during = [&](int64_t, const std::atomic<bool>& stop) {
        clock.advance(90000);  // as long as three heartbeats, and with five windows longer than the lease
        wait_until([&] { return store->get(id)->lease_until_ms == clock.wall_ms() + 120000; });
        EXPECT_FALSE(stop.load());
        EXPECT_FALSE(claim("other"));
    };
    EXPECT_EQ(worker().run_one(), Round::succeeded);
    expect_one_result(id);
}

TEST_P(WorkerTest, WithoutRenewalItFencesItselfAndWritesNothing) {
    const std::string id = submit();
    faults.set("renew", Fault::fails);
    std::vector<std::string> before;
    transcribe.during = [&](int64_t, const std::atomic<bool>& stop) {
        if (stop.load()) return;
        clock.advance(99999);
        EXPECT_FALSE(claim("other"));
        clock.advance(1);
        wait_until([&] { return stop.load(); });
        EXPECT_FALSE(claim("other"));  // it stopped before anybody could take the job
        before = faults.calls();
    };
    EXPECT_EQ(worker().run_one(), Round::lost);
    std::vector<std::string> after = faults.calls();
    EXPECT_EQ(after.size(), before.size()) << after.back();
    EXPECT_EQ(state(id), JobState::running);
    faults.clear();
    transcribe.during = nullptr;
    clock.advance(20000);
    EXPECT_EQ(worker("second").run_one(), Round::succeeded);
    expect_one_result(id);
}

TEST_P(WorkerTest, AnEngineThatDoesNotListenIsFencedAllTheSame) {
    const std::string id = submit();
    faults.set("renew", Fault::fails);
    transcribe.windows = 1;
    transcribe.during = [&](int64_t, const std::atomic<bool>&) { clock.advance(100000); };
    Worker zombie = worker();
    std::vector<std::string> calls;
    EXPECT_EQ(zombie.run_one(), Round::lost);
    for (const std::string& call : faults.calls()) EXPECT_NE(call, "put");
    EXPECT_FALSE(store->usage_of(id));
}

TEST_P(WorkerTest, AZombiesCommitIsRefused) {
    const std::string id = submit();
    // The first worker sleeps through its lease with a clock that does not tell it so; only the fence is left.
    ManualClock stopped;
    WorkerParts first = parts();
    WorkerParts slow{first.store, first.objects, first.notifier, first.transcribe, stopped, first.random};
    transcribe.windows = 2;
    bool slept = false;
    FakeTranscribe quick;
    quick.windows = 2;
    transcribe.during = [&](int64_t index, const std::atomic<bool>&) {
        if (index != 0 || slept) return;
        slept = true;
        clock.advance(120000);
        Worker second({first.store, first.objects, first.notifier, quick, clock, first.random}, options("second"));
        EXPECT_EQ(second.run_one(), Round::succeeded);
    };
    EXPECT_EQ(Worker(slow, options("first")).run_one(), Round::lost);
    EXPECT_TRUE(slept);
    expect_one_result(id);
    EXPECT_EQ(store->get(id)->owner, "second");
    EXPECT_EQ(store->get(id)->fence, 2);
    EXPECT_EQ(notifier.received().size(), 1U);
}

TEST_P(WorkerTest, TheMachinesClockMayJump) {
    const std::string id = submit();
    transcribe.during = [&](int64_t index, const std::atomic<bool>& stop) {
        clock.jump_wall(index % 2 == 0 ? 86400000 : -86400000);
        EXPECT_FALSE(stop.load());
    };
    EXPECT_EQ(worker().run_one(), Round::succeeded);
    expect_one_result(id);
}

TEST_P(WorkerTest, CancelledInTheMiddle) {
    const std::string id = submit();
    transcribe.during = [&](int64_t index, const std::atomic<bool>&) {
        if (index == 0) {
            EXPECT_EQ(store->cancel(id), StoreResult::done);
        }
    };
    EXPECT_EQ(worker().run_one(), Round::lost);
    EXPECT_EQ(state(id), JobState::cancelled);
    EXPECT_FALSE(store->usage_of(id));
    EXPECT_EQ(events(id, event_completed), 0);
    EXPECT_EQ(events(id, event_cancelled), 1);
    EXPECT_EQ(transcribe.computed.count(2), 0U);
}

TEST_P(WorkerTest, ToldToStopItGivesTheJobBack) {
    const std::string id = submit();
    Worker first = worker();
    transcribe.during = [&](int64_t index, const std::atomic<bool>&) {
        if (index == 2) first.request_stop();
    };
    EXPECT_EQ(first.run_one(), Round::released);
    EXPECT_EQ(first.run_one(), Round::idle);
    EXPECT_EQ(state(id), JobState::queued);
    EXPECT_EQ(store->get(id)->crashes, 0);
    transcribe.during = nullptr;
    EXPECT_EQ(worker("second").run_one(), Round::succeeded);
    expect_one_result(id);
    EXPECT_EQ(transcribe.computed[0], 1);
}

TEST_P(WorkerTest, TheInputAtFaultFailsAtOnce) {
    for (const ErrorCode code :
         {ErrorCode::bad_media, ErrorCode::invalid_argument, ErrorCode::unsupported, ErrorCode::not_found}) {
        const std::string id = submit();
        transcribe.during = [&](int64_t, const std::atomic<bool>&) { throw Error(code, "för kort"); };
        EXPECT_EQ(worker().run_one(), Round::failed);
        const auto job = store->get(id);
        EXPECT_EQ(job->state, JobState::failed);
        EXPECT_EQ(job->error.code, to_string(code));
        EXPECT_EQ(job->error.message, "för kort");
        EXPECT_EQ(events(id, event_failed), 1);
        EXPECT_EQ(notifier.received().back().job_id, id);
    }
    transcribe.during = nullptr;
    transcribe.at_plan = [] { throw Error(ErrorCode::invalid_argument, "no such language"); };
    submit();
    EXPECT_EQ(worker().run_one(), Round::failed);
    transcribe.at_plan = nullptr;
    const std::string gone = submit();
    objects->remove(input_key(gone));
    EXPECT_EQ(worker().run_one(), Round::failed);
    EXPECT_EQ(store->get(gone)->error.code, "not_found");
}

TEST_P(WorkerTest, OurFaultIsTriedThreeTimes) {
    const std::vector<std::pair<std::string, std::function<void()>>> faults_of_ours = {
        {"io", [] { throw Error(ErrorCode::io, "the disk is full"); }},
        {"out_of_memory", [] { throw std::bad_alloc(); }},
        {"internal", [] { throw std::runtime_error("a bug"); }},
        {"bad_model", [] { throw Error(ErrorCode::bad_model, "the model is damaged"); }},
    };
    for (const auto& [code, fault] : faults_of_ours) {
        const std::string id = submit();
        transcribe.during = [&, raise = fault](int64_t, const std::atomic<bool>&) { raise(); };
        for (int i = 0; i < 2; ++i) {
            EXPECT_EQ(worker().run_one(), Round::retried) << code;
            EXPECT_EQ(state(id), JobState::retry_wait);
            EXPECT_EQ(worker().run_one(), Round::idle);
            clock.advance(600000);
        }
        EXPECT_EQ(worker().run_one(), Round::dead) << code;
        EXPECT_EQ(store->get(id)->error.code, code);
        EXPECT_EQ(events(id, event_dead), 1);
        EXPECT_EQ(worker().run_one(), Round::idle);
        EXPECT_EQ(store->redrive(id), StoreResult::done);
        transcribe.during = nullptr;
        EXPECT_EQ(worker().run_one(), Round::succeeded);
    }
}

TEST_P(WorkerTest, TheNetworksFaultIsNotCountedButEnds) {
    const std::string id = submit();
    transcribe.during = [](int64_t, const std::atomic<bool>&) { throw Error(ErrorCode::network, "no answer"); };
    int tries = 1;
    for (; worker().run_one() == Round::retried; ++tries) clock.advance(600000);
    EXPECT_EQ(tries, 20);
    const auto job = store->get(id);
    EXPECT_EQ(job->state, JobState::dead);
    EXPECT_EQ(job->crashes, 0);
}

TEST_P(WorkerTest, AReceiverThatFailsDoesNotTouchTheJob) {
    const std::string id = submit();
    notifier.answer = [](const OutboxEvent&) { return Delivery{Delivery::Verdict::again, 503, {}, "busy"}; };
    EXPECT_EQ(worker().run_one(), Round::succeeded);
    EXPECT_EQ(notifier.received().size(), 1U);  // one try; the rest is not the worker's
    EXPECT_EQ(store->events_of(id).front().state, EventState::pending);
    expect_one_result(id);
}

TEST_P(WorkerTest, RefusesTimesThatCannotWork) {
    WorkerOptions options;
    EXPECT_THROW(Worker(parts(), options), Error);
    options.owner = "w";
    options.lease.heartbeat_ms = 100000;
    EXPECT_THROW(Worker(parts(), options), Error);
    options.lease = {1000, 100, -1};
    EXPECT_THROW(Worker(parts(), options), Error);
}

TEST_P(WorkerTest, WorkersSideBySideDoEachJobOnce) {
    std::vector<std::string> ids;
    for (int i = 0; i < (is_slow() ? 5 : 12); ++i) ids.push_back(submit());
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
            FakeTranscribe mine;
            Worker worker({*store, *objects, notifier, mine, clock, [] { return 0.5; }},
                          options("w" + std::to_string(i)));
            while (worker.run_one() != Round::idle) continue;
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::string& id : ids) {
        expect_one_result(id);
        EXPECT_EQ(store->get(id)->fence, 1);
    }
    EXPECT_EQ(notifier.received().size(), ids.size());
}

TEST(LeaseKeeperTest, RenewsByTheMachinesOwnClock) {
    const SystemClock clock;
    MemoryJobStore store(clock);
    NewJob wanted;
    wanted.input.uri = "object:a";
    store.create(wanted);
    ClaimRequest request;
    request.owner = "w";
    const int64_t before_ms = clock.boot_ms();
    const Job job = *store.claim(request);
    std::atomic<bool> halt{false};
    LeaseKeeper keeper(store, clock, lease_of(job), before_ms, {120000, 10, 1000}, halt);
    while (store.get(job.id)->lease_until_ms <= job.lease_until_ms) clock.sleep_ms(1);
    EXPECT_EQ(keeper.loss(), LeaseKeeper::Loss::none);
    store.cancel(job.id);
    while (!halt.load()) clock.sleep_ms(1);
    EXPECT_EQ(keeper.loss(), LeaseKeeper::Loss::cancelled);
}

}  // namespace
}  // namespace ft::conformance
