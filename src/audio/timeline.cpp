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

bool Timeline::is_believed(double gap_s) const {
    return gap_s <= policy_.longest_gap_s && silence_s_ + gap_s <= policy_.most_silence_s;
}

double Timeline::silence_before(std::optional<double> timestamp_s) {
    if (!timestamp_s) return 0;
    double gap_s = 0;
    if (!origin_s_) {
        origin_s_ = *timestamp_s - position_s_;
        const double start_s = *origin_s_ - policy_.origin_s.value_or(*origin_s_);
        if (start_s <= smallest_start_s || !is_believed(start_s)) return 0;
        *origin_s_ -= start_s;
        gap_s = start_s;
    } else {
        gap_s = *timestamp_s - *origin_s_ - position_s_;
        if (gap_s < -longest_overlap_s || !is_believed(gap_s)) {
            *origin_s_ += gap_s;
            return 0;
        }
        if (gap_s <= smallest_gap_s) return 0;
    }
    silence_s_ += gap_s;
    return gap_s;
}

}  // namespace ft
