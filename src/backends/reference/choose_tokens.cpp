#include "backends/reference/choose_tokens.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "backends/reference/arithmetic.h"
#include "backends/reference/reference_types.h"

namespace ft::reference {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

/// log Σ exp; −∞ for nothing.
double log_sum_exp(std::span<const double> values) {
    if (values.empty()) return minus_infinity;
    const double highest = *std::max_element(values.begin(), values.end());
    if (highest == minus_infinity) return highest;
    double sum = 0;
    for (const double value : values) sum += std::exp(value - highest);
    return highest + std::log(sum);
}

/// Sets what the rule names outright to −∞.
void forbid_named(std::span<double> scores, const TokenRule& rule) {
    const auto vocabulary = static_cast<int64_t>(scores.size());
    if (rule.suppressed != nullptr) {
        check(rule.suppressed->size() * 64 >= scores.size(),
              "choose_tokens: the bit set is shorter than the vocabulary");
        for (size_t token = 0; token < scores.size(); ++token) {
            if (((*rule.suppressed)[token / 64] >> (token % 64) & 1U) != 0) scores[token] = minus_infinity;
        }
    }
    for (const TokenRule::Range& range : rule.forbidden) {
        for (int64_t token = std::max<int64_t>(range.begin, 0); token < std::min<int64_t>(range.end, vocabulary);
             ++token) {
            scores[static_cast<size_t>(token)] = minus_infinity;
        }
    }
}

void apply_timestamp_rule(std::span<double> scores, int32_t timestamp_begin) {
    if (timestamp_begin < 0 || static_cast<size_t>(timestamp_begin) >= scores.size()) return;
    const std::span<double> text = scores.first(static_cast<size_t>(timestamp_begin));
    const std::span<double> timestamps = scores.subspan(static_cast<size_t>(timestamp_begin));
    const double best_text = text.empty() ? minus_infinity : *std::max_element(text.begin(), text.end());
    if (log_sum_exp(timestamps) > best_text) std::fill(text.begin(), text.end(), minus_infinity);
}

/// The first token in id order at which the distribution function of softmax(scores / temperature) exceeds `uniform`.
int32_t sample(std::span<const double> scores, double temperature, double uniform) {
    const double highest = *std::max_element(scores.begin(), scores.end());
    double total = 0;
    for (const double score : scores) total += std::exp((score - highest) / temperature);
    double sum = 0;
    size_t last = 0;  // for a sum that rounding keeps below the total
    for (size_t token = 0; token < scores.size(); ++token) {
        const double share = std::exp((scores[token] - highest) / temperature);
        if (share == 0) continue;
        last = token;
        if ((sum += share) > uniform * total) break;
    }
    return static_cast<int32_t>(last);
}

std::vector<Candidate> most_probable(std::span<const double> log_probabilities, int32_t top) {
    std::vector<int32_t> order(log_probabilities.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return log_probabilities[a] > log_probabilities[b]; });
    std::vector<Candidate> candidates;
    for (const int32_t token : order) {
        if (static_cast<int32_t>(candidates.size()) == top || log_probabilities[token] == minus_infinity) break;
        candidates.push_back({token, static_cast<float>(log_probabilities[token])});
    }
    return candidates;
}

}  // namespace

Choice choose_token(std::span<const float> logits, const TokenRule& rule) {
    check(rule.top >= 1 && rule.top <= 32, "choose_tokens: top must be 1 to 32");
    std::vector<double> scores(logits.begin(), logits.end());
    const double all = log_sum_exp(scores);
    check(std::isfinite(all), "choose_tokens: the logits are not finite, the model or its input is damaged");
    Choice choice;
    if (rule.probe >= 0) {
        check(static_cast<size_t>(rule.probe) < scores.size(), "choose_tokens: the probe is no token");
        choice.probe_probability = static_cast<float>(std::exp(scores[static_cast<size_t>(rule.probe)] - all));
    }
    forbid_named(scores, rule);
    apply_timestamp_rule(scores, rule.timestamp_begin);
    const double allowed = log_sum_exp(scores);
    check(allowed != minus_infinity, "choose_tokens: the rules allow no token");
    for (double& score : scores) score -= allowed;
    // max_element gives the first of equals: ties go to the lowest id.
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    const int32_t token =
        rule.temperature > 0 ? sample(scores, rule.temperature, rule.uniform) : static_cast<int32_t>(best);
    choice.best = {token, static_cast<float>(scores[static_cast<size_t>(token)])};
    if (rule.top > 1) choice.candidates = most_probable(scores, rule.top);
    return choice;
}

std::vector<float> ReferenceBackend::logits(const Tensor& x, const Weight& norm, const Weight& table,
                                            std::span<const int32_t> items) {
    const FloatWeight& gain = as_float(norm, WeightKind::norm);
    const FloatWeight& words = as_float(table, WeightKind::embedding);
    check(x.shape.size() == 2 && x.cols() == words.shape[1] && x.cols() == gain.shape[0],
          "logits: x does not fit the weights");
    std::vector<float> result;
    std::vector<float> row(static_cast<size_t>(x.cols()));
    for (const int32_t item : items) {
        layer_norm_row(row_of(x, item), gain.values, gain.bias, row);
        for (int64_t token = 0; token < words.shape[0]; ++token) {
            result.push_back(static_cast<float>(dot(row, words.row(token))));
        }
    }
    return result;
}

std::vector<Choice> ReferenceBackend::choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                                    std::span<const int32_t> items, std::span<const TokenRule> rules) {
    check(items.size() == rules.size(), "choose_tokens: one rule an item");
    std::vector<Choice> choices;
    for (size_t i = 0; i < items.size(); ++i) {
        choices.push_back(choose_token(logits(x, norm, table, items.subspan(i, 1)), rules[i]));
    }
    return choices;
}

}  // namespace ft::reference
