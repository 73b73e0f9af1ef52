#pragma once
// Segments of channels that were transcribed one by one, on one clock: nothing that two microphones heard stands twice.
#include <optional>
#include <span>

#include "transcript/transcript.h"

namespace ft {

/// The place in `segments` (ascending by start) of what another channel says in the same words (three or more, four
/// fifths of them equal and in the same order) at the same time (half of the shorter one's or more).
std::optional<size_t> same_on_another_channel(std::span<const Segment> segments, const Segment& segment);

}  // namespace ft
