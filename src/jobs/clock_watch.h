#pragma once
// Notices that somebody has set the wall clock while this process ran.
#include <cstdint>

#include "base/clock.h"

namespace ft {

/// One thread at a time. `clock` outlives it.
class ClockWatch {
  public:
    explicit ClockWatch(const Clock& clock) : clock_(clock), offset_ms_(clock.wall_ms() - clock.boot_ms()) {}

    struct Look {
        int64_t wall_ms = 0;
        int64_t jumped_ms = 0;  ///< since the last look; 0 for less than some seconds, as clocks are always adjusted
    };
    Look look() {
        const int64_t boot_ms = clock_.boot_ms(), wall_ms = clock_.wall_ms();
        const int64_t jumped_ms = wall_ms - boot_ms - offset_ms_;
        offset_ms_ += jumped_ms;
        return {wall_ms, jumped_ms > small_ms || jumped_ms < -small_ms ? jumped_ms : 0};
    }

  private:
    static constexpr int64_t small_ms = 10000;
    const Clock& clock_;
    int64_t offset_ms_;
};

}  // namespace ft
