#include "transcriber/channel_merge.h"

#include <algorithm>
#include <string>
#include <vector>

#include "transcript/doubtful_text.h"

namespace ft {

namespace {

constexpr size_t least_shared_words = 3;
constexpr double longest_segment_s = 31.0;  // windows are no longer

/// Words of the longest sequence that both have, gaps allowed.
size_t common_words(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<size_t> row(b.size() + 1, 0);
    for (const std::string& word : a) {
        size_t diagonal = 0;
        for (size_t j = 0; j < b.size(); ++j) {
            const size_t above = row[j + 1];
            row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
            diagonal = above;
        }
    }
    return row.back();
}

bool says_the_same(const Segment& a, const Segment& b) {
    const double together_s = std::min(a.end_s, b.end_s) - std::max(a.start_s, b.start_s);
    const double shorter_s = std::min(a.end_s - a.start_s, b.end_s - b.start_s);
    if (together_s <= 0 || together_s < shorter_s / 2) return false;
    const std::vector<std::string> words = plain_words(a.text), others = plain_words(b.text);
    const size_t shorter = std::min(words.size(), others.size()), longer = std::max(words.size(), others.size());
    return shorter >= least_shared_words && common_words(words, others) * 5 >= longer * 4;
}

}  // namespace

std::optional<size_t> same_on_another_channel(std::span<const Segment> segments, const Segment& segment) {
    if (segment.channel == 0) return std::nullopt;
    for (size_t i = segments.size(); i-- > 0;) {
        if (segments[i].start_s + longest_segment_s < segment.start_s) break;
        if (segments[i].channel != segment.channel && segments[i].channel > 0 && says_the_same(segments[i], segment))
            return i;
    }
    return std::nullopt;
}

}  // namespace ft
