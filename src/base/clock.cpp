#include "base/clock.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace ft {

namespace {

int64_t read_ms(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

}  // namespace

int64_t SystemClock::wall_ms() const {
    return read_ms(CLOCK_REALTIME);
}

int64_t SystemClock::boot_ms() const {
    return read_ms(CLOCK_BOOTTIME);
}

void SystemClock::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t until_ms) const {
    // The waiting of condition variables stands still while the machine sleeps, so no wait is long.
    const int64_t left_ms = std::clamp<int64_t>(until_ms - boot_ms(), 0, 5000);
    changed.wait_for(lock, std::chrono::milliseconds(left_ms));
}

void SystemClock::sleep_ms(int64_t duration_ms) const {
    std::this_thread::sleep_for(std::chrono::milliseconds(duration_ms));
}

}  // namespace ft
