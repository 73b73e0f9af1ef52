#pragma once
// The profile as text.
#include <string>

#include "machine_peaks.h"
#include "profiled_backend.h"
#include "transcript/transcript.h"

namespace ft::bench {

/// Stages of the flow, then operations by time. `writing_s`: all formats of the transcript made into text.
std::string profile_report(const Transcript& transcript, const Costs& costs, const MachinePeaks& peaks,
                           double writing_s);

}  // namespace ft::bench
