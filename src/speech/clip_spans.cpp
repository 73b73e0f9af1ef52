#include "speech/clip_spans.h"

#include <algorithm>

#include "base/sample_time.h"

namespace ft {

namespace {

constexpr int64_t shortest = 800;  // samples

}  // namespace

std::vector<Span> spans_within(const std::vector<Span>& spans, const std::vector<std::pair<double, double>>& clips) {
    if (clips.empty()) return spans;
    std::vector<Span> kept;
    for (const Span& span : spans) {
        for (const auto& [begin_s, end_s] : clips) {
            const int64_t clip_end = samples_of(end_s);
            Span inside{std::max(span.begin, samples_of(begin_s)), std::min(span.end, clip_end)};
            if (inside.size() < shortest) continue;
            inside.continues = span.continues && inside.end == span.end && clip_end - span.end >= shortest;
            kept.push_back(inside);
        }
    }
    return kept;
}

}  // namespace ft
