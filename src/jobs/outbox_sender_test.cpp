#include "jobs/outbox_sender.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <stdexcept>

#include "base/error.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_job_store.h"

namespace ft {
namespace {

/// Unlike MemoryNotifier, takes calls at once.
class AtOnceNotifier : public Notifier {
  public:
    std::function<Delivery(const OutboxEvent&)> answer = [](const OutboxEvent&) {
        return Delivery{Delivery::Verdict::delivered, 200, {}, ""};
    };
    Delivery deliver(const OutboxEvent& event) override { return answer(event); }
};

class Sender : public ::testing::Test {
  protected:
    /// A cancelled job, with its message.
    std::string job(const std::string& url = "https://example.org/hook") {
        NewJob wanted;
        wanted.input = {"object:inputs/a/audio", "möte.mp3", "", "", 5};
        wanted.callback.url = url;
        const std::string id = store.create(wanted).job.id;
        EXPECT_EQ(store.cancel(id), StoreResult::done);
        return id;
    }
    bool is(const std::string& id, EventState state) { return store.events_of(id).at(0).state == state; }
    static void wait_until(const std::function<bool()>& condition) {
        for (int i = 0; i < 10000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        EXPECT_TRUE(condition()) << "waited for 10 s";
    }

    ManualClock clock;
    MemoryJobStore store{clock};
    AtOnceNotifier notifier;
    Random random = [] { return 0.0; };
};

TEST_F(Sender, SendsWhatIsThereAndWhatComes) {
    const std::string before = job();
    OutboxSender sender(store, notifier, clock, random);
    wait_until([&] { return is(before, EventState::delivered); });
    const std::string later = job();
    sender.wake();
    wait_until([&] { return is(later, EventState::delivered); });
}

TEST_F(Sender, LooksAgainWhenTimeHasPassed) {
    std::atomic<int> tries{0};
    notifier.answer = [&](const OutboxEvent&) {
        const bool good = ++tries == 3;
        return Delivery{good ? Delivery::Verdict::delivered : Delivery::Verdict::again, good ? 200 : 500, {}, ""};
    };
    const std::string id = job();
    OutboxSender sender(store, notifier, clock, random);
    for (const int attempts : {1, 2}) {
        wait_until([&] { return store.events_of(id).at(0).attempts == attempts; });
        clock.advance(attempts == 1 ? 5000 : 300000);
    }
    wait_until([&] { return is(id, EventState::delivered); });
    EXPECT_EQ(tries, 3);
}

TEST_F(Sender, ASlowReceiverDoesNotHoldUpTheOthers) {
    std::atomic<bool> open{false};
    notifier.answer = [&](const OutboxEvent& event) {
        while (event.url == "https://slow.example.org" && !open) std::this_thread::yield();
        return Delivery{Delivery::Verdict::delivered, 200, {}, ""};
    };
    const std::string slow = job("https://slow.example.org");
    const std::string quick = job();
    OutboxSender sender(store, notifier, clock, random);
    wait_until([&] { return is(quick, EventState::delivered); });
    EXPECT_TRUE(is(slow, EventState::pending));
    open = true;
    wait_until([&] { return is(slow, EventState::delivered); });
}

TEST_F(Sender, SurvivesWhateverIsThrown) {
    std::atomic<int> tries{0};
    notifier.answer = [&](const OutboxEvent&) -> Delivery {
        if (++tries == 1) throw Error(ErrorCode::internal, "no secret");
        if (tries == 2) throw std::runtime_error("a bug");
        return Delivery{Delivery::Verdict::delivered, 200, {}, ""};
    };
    const std::string id = job();
    OutboxSender sender(store, notifier, clock, random);
    for (const int done : {1, 2}) {
        wait_until([&] { return tries == done; });
        clock.advance(60000);  // the claim on the event runs out
    }
    wait_until([&] { return is(id, EventState::delivered); });
}

}  // namespace
}  // namespace ft
