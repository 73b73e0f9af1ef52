#include "jobs/lease_keeper.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace ft {

LeaseKeeper::LeaseKeeper(JobStore& store, const Clock& clock, Lease lease, int64_t claimed_boot_ms,
                         const LeaseTimes& times, std::atomic<bool>& halt)
    : store_(store),
      clock_(clock),
      lease_(std::move(lease)),
      times_(times),
      halt_(halt),
      held_until_ms_(claimed_boot_ms + times.lease_ms - times.margin_ms),
      next_renewal_ms_(claimed_boot_ms + times.heartbeat_ms),
      thread_([this] { run(); }) {}

LeaseKeeper::~LeaseKeeper() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

bool LeaseKeeper::in_time() const {
    return clock_.boot_ms() < held_until_ms_.load();
}

LeaseKeeper::Loss LeaseKeeper::loss() {
    if (!in_time()) lose(Loss::expired);
    return loss_.load();
}

void LeaseKeeper::lose(Loss loss) {
    Loss none = Loss::none;
    loss_.compare_exchange_strong(none, loss);
    halt_.store(true);
}

void LeaseKeeper::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const int64_t wake_ms = std::min(next_renewal_ms_, held_until_ms_.load());
        if (clock_.boot_ms() < wake_ms) {
            clock_.wait(lock, changed_, wake_ms);
            continue;
        }
        lock.unlock();
        const bool going_on = loss() == Loss::none && renew();
        lock.lock();
        if (!going_on) return;
    }
}

bool LeaseKeeper::renew() {
    const int64_t asked_ms = clock_.boot_ms();
    try {
        const StoreResult result = store_.renew(lease_, times_.lease_ms);
        if (result == StoreResult::done) {
            held_until_ms_.store(asked_ms + times_.lease_ms - times_.margin_ms);
            next_renewal_ms_ = asked_ms + times_.heartbeat_ms;
            return true;
        }
        lose(result == StoreResult::cancelled ? Loss::cancelled : Loss::taken);
        return false;
    } catch (const std::exception& error) {
        spdlog::warn("job {}: the lease could not be renewed: {}", lease_.job_id, error.what());
    }
    // Sooner than the next heartbeat, for there may be time for a few more tries.
    next_renewal_ms_ = clock_.boot_ms() + std::max<int64_t>(1, times_.heartbeat_ms / 6);
    return true;
}

}  // namespace ft
