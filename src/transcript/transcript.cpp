#include "transcript/transcript.h"

namespace ft {

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
