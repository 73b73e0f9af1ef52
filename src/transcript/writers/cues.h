#pragma once
// Segments → subtitles: what is shown from when to when, in how many lines.
#include <string>
#include <vector>

#include "transcript/transcript.h"
#include "transcript/writers.h"

namespace ft {

struct Cue {
    double start_s = 0.0, end_s = 0.0;
    std::string text;  ///< lines separated by '\n', none of them empty; already escaped
    int channel = 0;   ///< as in Segment
};

/// `escape` makes one line of text safe for the format. Segments without text give no cue. Text wraps at spaces when
/// lines would exceed max_line_width (a longer word stands alone); a segment of more than max_line_count lines becomes
/// several cues. With both limits and word times, text flows over segments into blocks that can be read
/// (subtitle_layout.h); without word times a segment's time is shared out by characters.
std::vector<Cue> make_cues(const Transcript& transcript, const WriterOptions& options,
                           std::string (*escape)(const std::string& line));

}  // namespace ft
