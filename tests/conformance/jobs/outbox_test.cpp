// The outbox: who delivers what and when, the log of deliveries, replay; and retention.
#include "jobs/outbox.h"

#include <map>
#include <thread>

#include "base/error.h"
#include "jobs/memory/faults.h"
#include "jobs/memory/faulty_stores.h"
#include "jobs/memory/memory_notifier.h"
#include "jobs/retention.h"
#include "suite.h"

namespace ft::conformance {
namespace {

class Outbox : public JobsSuite {
  protected:
    /// A finished job with its one completed event.
    Job finished() {
        NewJob job = wanted();
        job.callback.url = "https://example.org/hook";
        created(job);
        const Job mine = *claim("a");
        store->commit(lease_of(mine), result_of(mine));
        return *store->get(mine.id);
    }
    OutboxEvent event_of(const Job& job) { return store->events_of(job.id).front(); }
    OutboxRun deliver() {
        return deliver_due(*store, notifier, clock, [] { return 0.0; });
    }

    MemoryNotifier notifier;
};
INSTANTIATE_TEST_SUITE_P(Stores, Outbox, every_store);

TEST_P(Outbox, DeliveredOnce) {
    const Job job = finished();
    EXPECT_EQ(deliver().delivered, 1);
    EXPECT_EQ(deliver().delivered, 0);
    clock.advance(int64_t{1} << 40);
    EXPECT_EQ(deliver().delivered, 0);
    EXPECT_EQ(event_of(job).state, EventState::delivered);
    const auto log = store->deliveries_of(event_of(job).id);
    ASSERT_EQ(log.size(), 1U);
    EXPECT_EQ(log[0].http_status, 200);
}

TEST_P(Outbox, TheScheduleEndsInDeadAndReplayBeginsIt) {
    const Job job = finished();
    notifier.answer = [](const OutboxEvent&) {
        return Delivery{Delivery::Verdict::again, 500, {}, "the receiver answered 500"};
    };
    const int64_t hours = 3600000;
    for (const int64_t wait_ms : {int64_t{5000}, int64_t{300000}, int64_t{1800000}, 2 * hours, 5 * hours, 10 * hours,
                                  14 * hours, 20 * hours, 24 * hours}) {
        EXPECT_EQ(deliver().again, 1);
        clock.advance(wait_ms - 1);
        EXPECT_EQ(deliver().again, 0) << wait_ms;
        clock.advance(1);
    }
    EXPECT_EQ(deliver().given_up, 1);
    EXPECT_EQ(event_of(job).state, EventState::dead);
    EXPECT_EQ(store->deliveries_of(event_of(job).id).size(), 10U);
    notifier.answer = nullptr;
    EXPECT_EQ(deliver().delivered, 0);
    const std::string id = event_of(job).id;
    EXPECT_EQ(store->replay(id), StoreResult::done);
    EXPECT_EQ(store->replay("msg_none"), StoreResult::not_found);
    EXPECT_EQ(deliver().delivered, 1);
    EXPECT_EQ(store->deliveries_of(id).size(), 11U);
    for (const OutboxEvent& event : notifier.received()) EXPECT_EQ(event.id, id);
}

TEST_P(Outbox, RetryAfterIsHonoured) {
    finished();
    notifier.answer = [](const OutboxEvent&) { return Delivery{Delivery::Verdict::again, 429, 90000, ""}; };
    EXPECT_EQ(deliver().again, 1);
    clock.advance(89999);
    EXPECT_EQ(deliver().again, 0);
    clock.advance(1);
    EXPECT_EQ(deliver().again, 1);
}

TEST_P(Outbox, GoneDisablesTheJobsOtherEvents) {
    created(watched());
    const Job job = *claim("a");
    store->commit(lease_of(job), result_of(job));
    const Job other = finished();
    notifier.answer = [&](const OutboxEvent& event) {
        return event.job_id == job.id ? Delivery{Delivery::Verdict::disabled, 410, {}, ""}
                                      : Delivery{Delivery::Verdict::delivered, 204, {}, ""};
    };
    const OutboxRun run = deliver();
    EXPECT_EQ(run.given_up, 1);
    EXPECT_EQ(run.delivered, 1);
    for (const OutboxEvent& event : store->events_of(job.id)) EXPECT_EQ(event.state, EventState::disabled);
    EXPECT_EQ(event_of(other).state, EventState::delivered);
}

TEST_P(Outbox, AnAddressThatMayNotBeCalledIsNotTriedAgain) {
    const Job job = finished();
    notifier.answer = [](const OutboxEvent&) {
        return Delivery{Delivery::Verdict::refused, 0, {}, "only public addresses are called"};
    };
    EXPECT_EQ(deliver().given_up, 1);
    EXPECT_EQ(event_of(job).state, EventState::dead);
    EXPECT_EQ(store->deliveries_of(event_of(job).id).at(0).note, "only public addresses are called");
    notifier.answer = nullptr;
    EXPECT_EQ(store->replay(event_of(job).id), StoreResult::done);  // the operator has allowed it
    EXPECT_EQ(deliver().delivered, 1);
}

TEST_P(Outbox, ThreadsAtOnceTryEachOnce) {
    const size_t jobs = is_slow() ? 6 : 20;
    for (size_t i = 0; i < jobs; ++i) finished();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { deliver(); });
    for (std::thread& thread : threads) thread.join();
    std::map<std::string, int> times;
    for (const OutboxEvent& event : notifier.received()) ++times[event.id];
    EXPECT_EQ(times.size(), jobs);
    for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << id;
}

TEST_P(Outbox, ADeliveryIsRecordedOnceAndOnlyByWhoHoldsIt) {
    const Job job = finished();
    const OutboxEvent mine = store->claim_events(10, 60000, job.id).front();
    EXPECT_TRUE(store->claim_events(10, 60000).empty());
    const DeliveryUpdate update{EventState::pending, clock.wall_ms() + 5000};
    EXPECT_EQ(store->record_delivery(mine, {}, update), StoreResult::done);
    EXPECT_EQ(store->record_delivery(mine, {}, update), StoreResult::done);  // its answer was lost
    EXPECT_EQ(store->deliveries_of(mine.id).size(), 1U);
    EXPECT_EQ(event_of(job).attempts, 1);
    // Taken, not recorded in time, taken by another.
    clock.advance(5000);
    const OutboxEvent slow = store->claim_events(10, 60000).front();
    clock.advance(60000);
    const OutboxEvent quick = store->claim_events(10, 60000).front();
    EXPECT_EQ(store->record_delivery(slow, {}, update), StoreResult::stale);
    EXPECT_EQ(store->record_delivery(quick, {}, {EventState::delivered, clock.wall_ms()}), StoreResult::done);
    EXPECT_EQ(event_of(job).state, EventState::delivered);
    OutboxEvent unknown = slow;
    unknown.id = "msg_' OR 1=1";
    EXPECT_EQ(store->record_delivery(unknown, {}, update), StoreResult::not_found);
}

TEST_P(Outbox, ACrashAtAnyCallLosesNoMessage) {
    for (const Fault fault : {Fault::dies_before, Fault::dies_after, Fault::fails, Fault::lost_reply}) {
        for (int call = 0; call < 4; ++call) {
            const Job job = finished();
            Faults faults;
            faults.set(call, fault);
            FaultyJobStore faulty(*store, faults);
            FaultyNotifier faulty_notifier(notifier, faults);
            try {
                deliver_due(faulty, faulty_notifier, clock, [] { return 0.0; });
            } catch (const SimulatedCrash&) {
            } catch (const Error&) {
            }
            clock.advance(60000);
            deliver();
            EXPECT_EQ(event_of(job).state, EventState::delivered) << static_cast<int>(fault) << " at " << call;
        }
    }
}

TEST_P(Outbox, RetentionDeletesOldTerminalJobsWithAllTheirFiles) {
    const Job old = finished();
    objects->put(input_key(old.id), "audio");
    objects->put(old.result.prefix + "transcript.txt", "hej");
    objects->put(checkpoint_prefix(old.id) + "00000000.0000000001.json", "{}");
    clock.advance(1000);
    const Job fresh = finished();
    const std::string waiting = created(wanted()).id;
    const int64_t before_ms = clock.wall_ms();
    EXPECT_EQ(store->remove(waiting, before_ms + 1000000), StoreResult::wrong_state);
    EXPECT_EQ(store->remove(fresh.id, before_ms), StoreResult::wrong_state);
    const RetentionRun run = delete_expired(*store, *objects, before_ms);
    EXPECT_EQ(run.jobs, 1);
    EXPECT_EQ(run.objects, 3);
    EXPECT_FALSE(store->get(old.id));
    EXPECT_TRUE(store->events_of(old.id).empty());
    EXPECT_TRUE(store->usage_of(old.id));  // the bill stays
    EXPECT_TRUE(store->get(fresh.id));
    EXPECT_TRUE(store->get(waiting));
    EXPECT_TRUE(objects->list("results/", "", 10).empty());
    EXPECT_EQ(store->remove(old.id, before_ms), StoreResult::not_found);
}

TEST_P(Outbox, RetentionGoesOnPastWhatItCannotDelete) {
    for (int i = 0; i < 5; ++i) objects->put(input_key(finished().id), "audio");
    clock.advance(10);
    Faults faults;
    faults.set(1, Fault::fails);  // one look at the objects of one job
    FaultyObjectStore faulty(*objects, faults);
    const RetentionRun first = delete_expired(*store, faulty, clock.wall_ms());
    EXPECT_EQ(first.stuck, 1);
    EXPECT_EQ(first.jobs, 4);
    const RetentionRun second = delete_expired(*store, *objects, clock.wall_ms());
    EXPECT_EQ(second.stuck, 0);
    EXPECT_EQ(second.jobs, 1);
}

TEST_P(Outbox, UploadsWithoutAJobAreDeletedWhenOld) {
    const Job job = finished();
    objects->put(input_key(job.id), "audio");
    const ObjectInfo lost = objects->put("inputs/job_lost/audio", "audio");
    EXPECT_EQ(delete_orphans(*store, *objects, lost.modified_ms).objects, 0);  // may be under way
    EXPECT_EQ(delete_orphans(*store, *objects, lost.modified_ms + 1000000).objects, 1);
    EXPECT_TRUE(objects->stat(input_key(job.id)));
    EXPECT_FALSE(objects->stat("inputs/job_lost/audio"));
}

}  // namespace
}  // namespace ft::conformance
