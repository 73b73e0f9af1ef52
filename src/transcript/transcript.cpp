#include "transcript/transcript.h"

#include <algorithm>

namespace ft {

double Coverage::share() const {
    return speech_s > 0 ? std::clamp(transcribed_s / speech_s, 0.0, 1.0) : 1.0;
}

std::string Transcript::text() const {
    std::string all;
    for (const Segment& segment : segments) {
        if (segment.text.empty()) continue;
        if (!all.empty()) all += ' ';
        all += segment.text;
    }
    return all;
}

}  // namespace ft
