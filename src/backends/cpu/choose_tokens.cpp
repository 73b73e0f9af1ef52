#include "backends/cpu/choose_tokens.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ft::cpu {

namespace {

constexpr float forbidden = -std::numeric_limits<float>::infinity();

/// log Σ eˣ over [begin, end); −∞ when nothing is allowed there.
float log_sum_exp(const Kernels& kernels, const float* x, int64_t begin, int64_t end, float* scratch) {
    if (begin >= end) return forbidden;
    const float highest = *std::max_element(x + begin, x + end);
    if (highest == forbidden) return forbidden;
    std::copy(x + begin, x + end, scratch);
    return highest + std::log(kernels.exp_minus_max(scratch, end - begin));
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

}  // namespace

Choice choose_token(const Kernels& kernels, const TokenRule& rule, float* logits, int64_t vocabulary, float* scratch) {
    Choice choice;
    if (rule.probe >= 0 && rule.probe < vocabulary) {
        choice.probe_probability = std::exp(logits[rule.probe] - log_sum_exp(kernels, logits, 0, vocabulary, scratch));
    }
    apply_suppression(rule, logits, vocabulary);
    if (rule.timestamp_begin >= 0 && rule.timestamp_begin < vocabulary) {
        const float timestamps = log_sum_exp(kernels, logits, rule.timestamp_begin, vocabulary, scratch);
        const float best_text =
            rule.timestamp_begin == 0 ? forbidden : *std::max_element(logits, logits + rule.timestamp_begin);
        if (timestamps > best_text) std::fill_n(logits, rule.timestamp_begin, forbidden);
    }
    const float* best = std::max_element(logits, logits + vocabulary);
    if (*best == forbidden) throw Error(ErrorCode::internal, "the rules forbid every token");
    const float total = log_sum_exp(kernels, logits, 0, vocabulary, scratch);
    choice.best.token =
        rule.temperature > 0.0F ? sample(rule, logits, vocabulary, *best) : static_cast<int32_t>(best - logits);
    choice.best.log_probability = logits[choice.best.token] - total;
    if (rule.top > 1) {
        std::vector<int32_t> order(static_cast<size_t>(vocabulary));
        for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
        const auto count = std::min<int64_t>(rule.top, vocabulary);
        std::partial_sort(order.begin(), order.begin() + count, order.end(),
                          [&](int32_t a, int32_t b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
        for (int64_t i = 0; i < count && logits[order[i]] != forbidden; ++i)
            choice.candidates.push_back({order[i], logits[order[i]] - total});
    }
    return choice;
}

}  // namespace ft::cpu
