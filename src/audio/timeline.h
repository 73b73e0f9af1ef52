#pragma once
// The audio's own clock: where silence must be put in so that sample i lies at i / rate. Pure arithmetic.
#include <cstdint>
#include <optional>

namespace ft {

/// How a container's timestamps are to be read.
struct ClockPolicy {
    /// The timestamp of time zero; nothing: the first sample is time zero, whatever its timestamp.
    std::optional<double> origin_s = {};
    /// Longest jump forwards that is believed; a longer one is a clock that was set anew.
    double longest_gap_s = 600.0;
    /// Silence in all; when it is used up, jumps are ignored. A few damaged bytes must not cost hours.
    double most_silence_s = 3600.0;
};

/// Compares the timestamps with what has been put out. Timestamps that run behind (overlaps) drop nothing: speech is
/// worth more than the clock, and the next gap makes it up.
class Timeline {
  public:
    explicit Timeline(ClockPolicy policy) : policy_(policy) {}

    /// Seconds of silence to put in before a frame with this timestamp (none when the file gives none).
    double silence_before(std::optional<double> timestamp_s);

    /// `seconds` of audio or silence were put out.
    void advance(double seconds) { position_s_ += seconds; }

    double position_s() const { return position_s_; }

  private:
    bool is_believed(double gap_s) const;

    ClockPolicy policy_;
    std::optional<double> origin_s_;  // set by the first frame that has a timestamp
    double position_s_ = 0;
    double silence_s_ = 0;
};

}  // namespace ft
