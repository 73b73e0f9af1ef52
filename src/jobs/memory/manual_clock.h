#pragma once
// A clock whose hands tests turn.
#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace ft {

class ManualClock : public Clock {
  public:
    int64_t wall_ms() const override { return wall_ms_.load(); }
    int64_t boot_ms() const override { return boot_ms_.load(); }
    /// Returns soon in any case: the caller looks again.
    void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t) const override {
        changed.wait_for(lock, std::chrono::milliseconds(1));
    }
    /// Takes no time, but time has passed.
    void sleep_ms(int64_t duration_ms) const override { advance(duration_ms); }

    void advance(int64_t duration_ms) const {
        wall_ms_ += duration_ms;
        boot_ms_ += duration_ms;
    }
    /// Somebody sets the machine's clock.
    void jump_wall(int64_t by_ms) { wall_ms_ += by_ms; }

  private:
    mutable std::atomic<int64_t> wall_ms_{1700000000000}, boot_ms_{5000000};
};

}  // namespace ft
