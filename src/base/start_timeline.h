#pragma once
// How long a start takes, and where: when this process reached what for the first time.
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/stopwatch.h"

namespace ft {

/// Any thread may call any function.
class StartTimeline {
  public:
    struct Moment {
        std::string name;
        double at_s;
    };

    /// `age_s`: how long ago the start was.
    explicit StartTimeline(double age_s) : age_s_(age_s) {}

    /// True at the first call of a name, which alone counts; before `after` was reached, none does.
    bool reached(std::string_view name, std::string_view after = {}) noexcept;
    /// Since the start.
    double now_s() const { return age_s_ + watch_.seconds(); }
    /// In order of time.
    std::vector<Moment> moments() const;
    /// "main 0.03 s, weights 0.21 s, …".
    std::string text() const;

  private:
    const double age_s_;
    const Stopwatch watch_;
    mutable std::mutex mutex_;
    std::vector<Moment> moments_;
};

/// How long this process has existed, within 10 ms (proc(5), stat), so that what the loader did before main counts; and
/// the script that became this program, up to five seconds. 0 where the kernel does not tell, or it is longer.
double process_age_s();

/// Of this process, from its beginning (process_age_s). Names in use, as far as a run comes: "main", "driver" and
/// "context" (the GPU's), "self_check", "weights", "first_graph" (of the model, not of the self-check), "first_token",
/// "first_segment".
StartTimeline& start_timeline();

}  // namespace ft
