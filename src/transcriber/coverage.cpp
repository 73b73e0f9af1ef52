#include "transcriber/coverage.h"

#include <algorithm>

#include "transcript/doubtful_text.h"

namespace ft {

namespace {

constexpr double beside_s = 0.5;
constexpr double most_s_a_word = 2.0;
constexpr double together_s = 1.0;  // doubtful segments that are nearer are one stretch

double overlap(const TimeSpan& a, const TimeSpan& b) {
    return std::max(0.0, std::min(a.end_s, b.end_s) - std::max(a.begin_s, b.begin_s));
}

}  // namespace

double transcribed_s(std::span<const TimeSpan> speech, std::span<const Segment> segments) {
    double sum = 0, done_s = 0;
    for (const Segment& segment : segments) {
        // What the segment before has counted is not counted again.
        const TimeSpan own{std::max(done_s, segment.start_s - beside_s), segment.end_s + beside_s};
        double heard_s = 0;
        for (const TimeSpan& span : speech) heard_s += overlap(span, own);
        const auto words = static_cast<double>(plain_words(segment.text).size());
        sum += std::min(heard_s, 2 * beside_s + most_s_a_word * words);
        done_s = std::max(done_s, own.end_s);
    }
    return sum;
}

std::vector<Coverage::Doubtful> low_confidence_spans(std::span<const Segment> segments, float limit) {
    std::vector<Coverage::Doubtful> spans;
    for (const Segment& segment : segments) {
        if (segment.confidence >= limit) continue;
        if (!spans.empty() && segment.start_s - spans.back().end_s <= together_s) {
            spans.back().end_s = std::max(spans.back().end_s, segment.end_s);
            spans.back().confidence = std::min(spans.back().confidence, segment.confidence);
        } else {
            spans.push_back({segment.start_s, segment.end_s, segment.confidence});
        }
    }
    return spans;
}

}  // namespace ft
