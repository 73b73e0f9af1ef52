#pragma once
// Stretches of a file that are wanted, and spans of speech within them.
#include <utility>
#include <vector>

#include "speech/voice_activity.h"

namespace ft {

/// `clips`: [begin_s, end_s) in seconds, ascending, without overlap; none: everything is wanted. What is left of a span
/// and lasts less than 50 ms goes, too.
std::vector<Span> spans_within(const std::vector<Span>& spans, const std::vector<std::pair<double, double>>& clips);

}  // namespace ft
