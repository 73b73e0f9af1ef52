#include "audio/timeline.h"

namespace ft {

namespace {

// Packets' timestamps are rounded and jitter; below this a difference is no gap.
constexpr double smallest_gap_s = 0.1;
// At the start nothing jitters yet, only rounding to a container's tick.
constexpr double smallest_start_s = 0.002;
// Further behind than this the clock was set anew (joined recordings).
constexpr double longest_overlap_s = 10.0;

}  // namespace

double Timeline::silence_before(std::optional<double> timestamp_s) {
    if (!timestamp_s) return 0;
    if (!origin_s_) {
        const double start_s = *timestamp_s - position_s_ - policy_.origin_s.value_or(*timestamp_s - position_s_);
        const bool late = start_s > smallest_start_s && start_s <= policy_.longest_gap_s;
        origin_s_ = *timestamp_s - position_s_ - (late ? start_s : 0.0);
        return late ? start_s : 0.0;
    }
    const double gap_s = *timestamp_s - *origin_s_ - position_s_;
    if (gap_s > policy_.longest_gap_s || gap_s < -longest_overlap_s) {
        *origin_s_ += gap_s;
        return 0;
    }
    return gap_s > smallest_gap_s ? gap_s : 0;
}

}  // namespace ft
