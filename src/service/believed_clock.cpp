#include "service/believed_clock.h"

#include <algorithm>

namespace ft {

BelievedClock::BelievedClock(const Clock& clock)
    : clock_(clock), wall_ms_(clock.wall_ms()), boot_ms_(clock.boot_ms()) {}

int64_t BelievedClock::wall_ms() {
    const int64_t boot_ms = clock_.boot_ms();
    wall_ms_ = std::min(clock_.wall_ms(), wall_ms_ + 2 * (boot_ms - boot_ms_));
    boot_ms_ = boot_ms;
    return wall_ms_;
}

}  // namespace ft
