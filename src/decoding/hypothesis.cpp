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

bool sounds_like_no_speech(const Hypothesis& h, const FallbackOptions& options) {
    return h.no_speech_prob >= options.no_speech_threshold / 3;
}

float score(const Hypothesis& h, const FallbackOptions& options) {
    constexpr float repetition_weight = 2.0F, loop_penalty = 1.0F;
    const float repetition = std::max(0.0F, h.compression_ratio / options.compression_ratio_threshold - 1.0F);
    return h.avg_logprob - repetition_weight * repetition - (h.looped ? loop_penalty : 0.0F);
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
