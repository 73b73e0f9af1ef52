#pragma once
// Time as an argument: what decides by the clock gets one, so that tests can turn its hands.
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace ft {

/// Any thread may call any function.
class Clock {
  public:
    virtual ~Clock() = default;

    /// Milliseconds since 1970 (UTC). May jump; for what people and other machines read.
    virtual int64_t wall_ms() const = 0;
    /// Milliseconds since the machine started, time asleep included (CLOCK_BOOTTIME). Never jumps; for how long.
    virtual int64_t boot_ms() const = 0;
    /// Waits on `changed` until it is notified or boot_ms() ≥ until_ms. May return early: the caller looks again.
    virtual void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t until_ms) const = 0;
    /// Lets so much time go by.
    virtual void sleep_ms(int64_t duration_ms) const = 0;
};

/// The machine's.
class SystemClock : public Clock {
  public:
    int64_t wall_ms() const override;
    int64_t boot_ms() const override;
    void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t until_ms) const override;
    void sleep_ms(int64_t duration_ms) const override;
};

}  // namespace ft
