#pragma once
// The timed tokens of a decoded window → words, by segment.
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "decoding/hypothesis.h"
#include "decoding/token_segments.h"
#include "decoding/tokenizer.h"
#include "speech/window_packer.h"
#include "transcript/transcript.h"

namespace ft {

/// The words of each of the window's segments, on the file's clock: in order, none without time, all within the
/// window's part of the file. Empty lists when the hypothesis has no times.
std::vector<std::vector<Word>> make_window_words(const Window& window, const Hypothesis& hypothesis,
                                                 const std::vector<TokenSegment>& segments, const Tokenizer& tokenizer);

/// When a word of the window is said in the file, {start_s, end_s}. One that lies over the border of two pieces is
/// where more of its sound is (`sound` as of find_sound; where it is empty: more of its time): padding after speech is
/// silent.
std::pair<double, double> file_times(const Window& window, std::span<const uint8_t> sound, const Word& word);

/// Geometric mean of the probabilities of each segment's text tokens; 0 without any.
std::vector<float> segment_probabilities(const Hypothesis& hypothesis, const std::vector<TokenSegment>& segments,
                                         const Tokenizer& tokenizer);

}  // namespace ft
