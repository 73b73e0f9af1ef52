#include "speech/clip_spans.h"

#include <algorithm>
#include <cmath>

namespace ft {

namespace {

constexpr double rate = 16000.0;
constexpr int64_t least = 800;  // samples

int64_t sample_at(double seconds) {
    // Past every file: seconds may be infinite.
    return static_cast<int64_t>(std::llround(std::min(seconds, 1e9) * rate));
}

}  // namespace

std::vector<Span> spans_within(const std::vector<Span>& spans, const std::vector<std::pair<double, double>>& clips) {
    if (clips.empty()) return spans;
    std::vector<Span> kept;
    for (const Span& span : spans) {
        for (const auto& [begin_s, end_s] : clips) {
            const int64_t clip_end = sample_at(end_s);
            Span inside{std::max(span.begin, sample_at(begin_s)), std::min(span.end, clip_end)};
            if (inside.size() < least) continue;
            inside.continues = span.continues && inside.end == span.end && clip_end - span.end >= least;
            kept.push_back(inside);
        }
    }
    return kept;
}

}  // namespace ft
