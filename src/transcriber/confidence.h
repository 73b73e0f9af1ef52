#pragma once
// How likely a word is right. The model's own probabilities are not that: they are made of tokens, and know nothing of
// how long the word took or of the window as a whole. A logistic regression on them is (bench/confidence/fit.py).
#include "transcript/transcript.h"

namespace ft {

/// Fills the confidence of the segment and of its words from all else that is known of them; text, times, probability
/// and the window's scores are there. Always from 0 to 1, and for a segment without words 0.
void set_confidence(Segment& segment);

}  // namespace ft
