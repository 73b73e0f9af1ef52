#pragma once
#include <string>

#include "transcript/transcript.h"

namespace ft::test {

constexpr const char* ten_words = "Det här är en mening som har precis tio ord";

/// What a model that is sure of itself reads in speech; `probability` is its confidence, too.
inline Segment segment(double start_s, double end_s, const std::string& text, float probability = 0.9F) {
    Segment made;
    made.start_s = start_s;
    made.end_s = end_s;
    made.text = text;
    made.probability = made.confidence = probability;
    made.avg_logprob = -0.2F;
    made.no_speech_prob = 0.05F;
    return made;
}

}  // namespace ft::test
