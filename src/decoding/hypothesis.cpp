#include "decoding/hypothesis.h"

#include <algorithm>

namespace ft {

bool is_silent(const Hypothesis& h, const FallbackOptions& options) {
    if (h.silence) return true;
    return h.no_speech_prob > options.no_speech_threshold && h.avg_logprob < options.logprob_threshold;
}

bool needs_fallback(const Hypothesis& h, const FallbackOptions& options) {
    if (is_silent(h, options)) return false;
    return h.looped || h.compression_ratio > options.compression_ratio_threshold ||
           h.avg_logprob < options.logprob_threshold;
}

bool is_better(const Hypothesis& a, const Hypothesis& b, const FallbackOptions& options) {
    const auto repeats = [&](const Hypothesis& h) {
        return h.looped || h.compression_ratio > options.compression_ratio_threshold;
    };
    if (repeats(a) != repeats(b)) return repeats(b);
    return a.avg_logprob > b.avg_logprob;
}

bool ends_in_loop(const std::vector<int32_t>& tokens) {
    constexpr size_t longest_period = 24, least_tokens = 36, least_repeats = 4;
    for (size_t period = 1; period <= longest_period; ++period) {
        const size_t needed = std::max(least_tokens, period * least_repeats);
        if (tokens.size() < needed) continue;
        const auto end = tokens.end();
        if (std::equal(end - static_cast<long>(needed - period), end, end - static_cast<long>(needed))) return true;
    }
    return false;
}

}  // namespace ft
