#pragma once
// Parts of a window as windows of their own, with the way back to the file's clock.
#include <cstdint>
#include <vector>

#include "speech/window_packer.h"

namespace ft {

/// A stretch of the file's clock, seconds.
struct TimeSpan {
    double begin_s = 0, end_s = 0;
    double length_s() const { return end_s - begin_s; }
    bool operator==(const TimeSpan&) const = default;
};

/// The window's speech on the file's clock, ascending; where something was cut out within it, in two.
std::vector<TimeSpan> speech_of(const Window& window);

/// The samples [from, to) of the window, clamped to it.
Window part_of_window(const Window& window, int64_t from, int64_t to);
/// The part from `from_s` (window clock) on.
Window window_tail(const Window& window, double from_s);
/// What the window has of a stretch of the file.
Window part_of_file(const Window& window, const TimeSpan& stretch);

/// The window's speech as windows of at most `longest_s` (1 to 30), each beginning with speech: cut at the longest
/// pauses, or where it is quietest; longer pauses within them are shortened to nothing from `max_pause_s` on. None
/// without speech.
std::vector<Window> cut_again(const Window& window, double longest_s, double max_pause_s);

}  // namespace ft
