#include "backends/cpu/choose_tokens.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace ft::cpu {

namespace {

constexpr float forbidden = -std::numeric_limits<float>::infinity();
constexpr int64_t chunk = 1024;  // logits whose maximum is looked at first

/// Of the logits in [begin, end).
struct Summary {
    float highest = forbidden;
    int64_t token = -1;  ///< the first with that logit; −1 when nothing is allowed there

    float log_sum_exp(const Kernels& kernels, const float* x, int64_t begin, int64_t end) const {
        return token < 0 ? forbidden : highest + std::log(kernels.sum_exp(x + begin, end - begin, highest));
    }
};

Summary summarize(const Kernels& kernels, const float* x, int64_t begin, int64_t end) {
    Summary summary;
    int64_t found = begin;
    for (int64_t at = begin; at < end; at += chunk) {
        const float highest = kernels.max(x + at, std::min(chunk, end - at));
        if (highest > summary.highest) {
            summary.highest = highest;
            found = at;
        }
    }
    if (summary.highest != forbidden) summary.token = std::find(x + found, x + end, summary.highest) - x;
    return summary;
}

/// log(eᵃ + eᵇ), a finite.
float add_logs(float a, float b) {
    const float highest = std::max(a, b);
    return highest + std::log(std::exp(a - highest) + std::exp(b - highest));
}

void apply_suppression(const TokenRule& rule, float* logits, int64_t vocabulary) {
    if (rule.suppressed != nullptr) {
        for (size_t word = 0; word < rule.suppressed->size(); ++word) {
            for (uint64_t bits = (*rule.suppressed)[word]; bits != 0; bits &= bits - 1) {
                const auto token = static_cast<int64_t>(word * 64) + __builtin_ctzll(bits);
                if (token < vocabulary) logits[token] = forbidden;
            }
        }
    }
    for (const TokenRule::Range& range : rule.forbidden) {
        const int64_t end = std::min<int64_t>(range.end, vocabulary);
        for (int64_t token = std::max(range.begin, 0); token < end; ++token) logits[token] = forbidden;
    }
}

/// Inverse of the cumulated distribution in token order, in double so that 50,000 small terms add up.
int32_t sample(const TokenRule& rule, const float* logits, int64_t vocabulary, float highest) {
    const double inverse = 1.0 / rule.temperature;
    double total = 0.0;
    const auto weight = [&](int64_t token) {
        return logits[token] == forbidden
                   ? 0.0
                   : static_cast<double>(std::exp(static_cast<float>((logits[token] - highest) * inverse)));
    };
    for (int64_t token = 0; token < vocabulary; ++token) total += weight(token);
    const double target = rule.uniform * total;
    double seen = 0.0;
    int32_t last = 0;
    for (int64_t token = 0; token < vocabulary; ++token) {
        const double share = weight(token);
        if (share == 0.0) continue;
        seen += share;
        last = static_cast<int32_t>(token);
        if (seen > target) return last;
    }
    return last;
}

/// The `count` highest allowed logits, ties in the order of their tokens.
std::vector<Candidate> most_probable(const Kernels& kernels, const float* logits, int64_t vocabulary, int32_t count,
                                     float total) {
    // The count-th highest of the chunks' maxima is a bound that only few logits reach.
    std::vector<float> maxima;
    for (int64_t at = 0; at < vocabulary; at += chunk)
        maxima.push_back(kernels.max(logits + at, std::min(chunk, vocabulary - at)));
    std::vector<float> highest = maxima;
    float bound = forbidden;
    if (const auto place = static_cast<size_t>(count - 1); place < highest.size()) {
        std::nth_element(highest.begin(), highest.begin() + static_cast<ptrdiff_t>(place), highest.end(),
                         std::greater<>());
        bound = highest[place];
    }
    std::vector<int32_t> tokens;
    for (size_t i = 0; i < maxima.size(); ++i) {
        if (maxima[i] < bound || maxima[i] == forbidden) continue;
        const int64_t begin = static_cast<int64_t>(i) * chunk, end = std::min(begin + chunk, vocabulary);
        for (int64_t token = begin; token < end; ++token) {
            if (logits[token] >= bound && logits[token] != forbidden) tokens.push_back(static_cast<int32_t>(token));
        }
    }
    const size_t found = std::min(tokens.size(), static_cast<size_t>(count));
    std::partial_sort(tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(found), tokens.end(),
                      [&](int32_t a, int32_t b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
    std::vector<Candidate> candidates;
    for (size_t i = 0; i < found; ++i) candidates.push_back({tokens[i], logits[tokens[i]] - total});
    return candidates;
}

}  // namespace

Choice choose_token(const Kernels& kernels, const TokenRule& rule, float* logits, int64_t vocabulary) {
    Choice choice;
    if (rule.probe >= 0 && rule.probe < vocabulary) {
        const float total = summarize(kernels, logits, 0, vocabulary).log_sum_exp(kernels, logits, 0, vocabulary);
        choice.probe_probability = std::exp(logits[rule.probe] - total);
    }
    apply_suppression(rule, logits, vocabulary);
    const bool has_timestamps = rule.timestamp_begin >= 0 && rule.timestamp_begin < vocabulary;
    const int64_t split = has_timestamps ? rule.timestamp_begin : vocabulary;
    const Summary text = summarize(kernels, logits, 0, split), times = summarize(kernels, logits, split, vocabulary);
    const float times_total = times.log_sum_exp(kernels, logits, split, vocabulary);
    if (text.token < 0 && times.token < 0) throw Error(ErrorCode::internal, "the rules forbid every token");
    Summary best = text.highest >= times.highest ? text : times;
    float total = times_total;
    if (times_total > text.highest) {
        best = times;
        std::fill_n(logits, split, forbidden);
    } else {
        total = add_logs(text.log_sum_exp(kernels, logits, 0, split), times_total);
    }
    choice.best.token =
        rule.temperature > 0.0F ? sample(rule, logits, vocabulary, best.highest) : static_cast<int32_t>(best.token);
    choice.best.log_probability = logits[choice.best.token] - total;
    if (rule.top > 1) choice.candidates = most_probable(kernels, logits, vocabulary, rule.top, total);
    return choice;
}

}  // namespace ft::cpu
