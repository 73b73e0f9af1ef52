#pragma once
// The wall clock for those who delete by age: it believes that the clock was set forward only as time goes by.
#include "base/clock.h"

namespace ft {

/// Never ahead of the wall clock, and never more than twice as fast as time passes: should a machine think for an hour
/// that it is next year, nothing is a year old by that. One thread.
class BelievedClock {
  public:
    /// `clock` outlives it.
    explicit BelievedClock(const Clock& clock);

    int64_t wall_ms();

  private:
    const Clock& clock_;
    int64_t wall_ms_, boot_ms_;
};

}  // namespace ft
