#pragma once
// A decoded window → segments on the file's clock.
#include <vector>

#include "decoding/hypothesis.h"
#include "decoding/tokenizer.h"
#include "speech/window_packer.h"
#include "transcript/transcript.h"

namespace ft {

struct WindowText {
    std::vector<Segment> segments;
    double covered_s = 0;  ///< window clock: what follows was not written down and is worth decoding again
};

/// Segments without text are left out. Times lie within the window's part of the file and do not go back. Where the
/// hypothesis has times of its tokens, segments have words. A segment that goes on after something was cut out of the
/// file becomes two.
WindowText make_window_text(const Window& window, const Hypothesis& hypothesis, const Tokenizer& tokenizer,
                            int32_t timestamp_begin);

}  // namespace ft
