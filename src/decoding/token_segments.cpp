#include "decoding/token_segments.h"

#include <algorithm>

namespace ft {

SegmentedTokens split_segments(std::span<const int32_t> tokens, int32_t timestamp_begin, double duration_s) {
    SegmentedTokens result;
    result.covered_s = duration_s;
    const auto is_timestamp = [&](int32_t token) { return token >= timestamp_begin; };
    const auto seconds = [&](int32_t token) { return std::clamp(0.02 * (token - timestamp_begin), 0.0, duration_s); };

    TokenSegment open;
    bool has_text = false;
    double latest_s = 0.0;
    const auto close = [&](double end_s) {
        open.end_s = std::max(end_s, open.start_s);
        if (has_text) result.segments.push_back(open);
        open = {};
        open.start_s = end_s;
        has_text = false;
    };
    for (const int32_t token : tokens) {
        if (!is_timestamp(token)) {
            open.tokens.push_back(token);
            has_text = true;
            continue;
        }
        latest_s = std::max(latest_s, seconds(token));
        open.tokens.push_back(token);
        if (has_text) {
            close(latest_s);
        } else {
            open.tokens.assign(1, token);
            open.start_s = latest_s;
        }
    }
    const size_t n = tokens.size();
    if (n >= 2 && is_timestamp(tokens[n - 1]) && is_timestamp(tokens[n - 2])) {
        result.covered_s = latest_s;
    } else if (has_text) {
        close(duration_s);
    }
    return result;
}

}  // namespace ft
