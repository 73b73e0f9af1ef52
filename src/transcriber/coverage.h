#pragma once
// How much of the detected speech became text, and where the text is doubtful.
#include <span>
#include <vector>

#include "speech/window_cut.h"
#include "transcript/transcript.h"

namespace ft {

/// Seconds of `speech` that lie in a segment or at most half a second beside one (segments' times are rough, and
/// detected speech is padded). A segment that has less than a word for two seconds of speech counts two seconds a word
/// only.
double transcribed_s(std::span<const TimeSpan> speech, std::span<const Segment> segments);

/// Neighbouring segments with a confidence below `limit`, as one stretch each.
std::vector<Coverage::Doubtful> low_confidence_spans(std::span<const Segment> segments, float limit);

}  // namespace ft
