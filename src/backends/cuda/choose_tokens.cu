#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

namespace {

constexpr int choose_threads = 256, choose_warps = choose_threads / warp_lanes;

struct Best {
    float value;
    int token;
};

/// The larger value, of equal ones the lower token.
FT_DEVICE Best better(Best a, Best b) {
    return b.value > a.value || (b.value == a.value && b.token < a.token) ? b : a;
}

struct Shared {
    float numbers[choose_warps];
    Best best[choose_warps];
    double sums[choose_threads + 1];  // of the threads' shares of the vocabulary, from the first on
    int first, last;
};

FT_DEVICE Best block_best(Best best, Shared& shared) {
    FT_UNROLL
    for (int mask = warp_lanes / 2; mask > 0; mask /= 2)
        best = better(best, Best{shuffle_xor(best.value, mask), shuffle_xor(best.token, mask)});
    barrier();
    if (lane() == 0) shared.best[warp()] = best;
    barrier();
    best = shared.best[0];
    for (int w = 1; w < choose_warps; ++w) best = better(best, shared.best[w]);
    return best;
}

/// One row of logits under its rule: a token below `begin`, or one that the rule names, counts as −∞.
struct Scores {
    const float* logits;
    RuleView rule;
    int vocabulary, begin;

    FT_DEVICE float operator()(int token) const {
        bool allowed = token >= begin;
        if (rule.suppressed != nullptr) allowed = allowed && (rule.suppressed[token / 64] >> (token % 64) & 1U) == 0;
        FT_UNROLL
        for (int i = 0; i < 4; ++i)
            allowed = allowed && !(token >= rule.forbidden[i][0] && token < rule.forbidden[i][1]);
        return allowed ? logits[token] : -INFINITY;
    }
};

struct LogSum {
    float highest, log_sum;  // of exp(score − highest)
};

/// Over tokens [from, to).
FT_DEVICE LogSum log_sum_exp(const Scores& scores, int from, int to, Shared& shared) {
    float highest = -INFINITY, sum = 0;
    for (int token = from + thread(); token < to; token += choose_threads) highest = fmaxf(highest, scores(token));
    highest = block_max(highest, shared.numbers);
    if (highest == -INFINITY) return {highest, 0};
    for (int token = from + thread(); token < to; token += choose_threads) sum += expf(scores(token) - highest);
    return {highest, logf(block_sum(sum, shared.numbers))};
}

/// The first token in id order at which the distribution function of softmax(scores / temperature) exceeds `uniform`;
/// where rounding keeps it below, the last with a share. A thread has neighbouring tokens.
FT_DEVICE int sample(const Scores& scores, float highest, Shared& shared) {
    const int share = (scores.vocabulary + choose_threads - 1) / choose_threads;
    const int begin = thread() * share, end = begin + share < scores.vocabulary ? begin + share : scores.vocabulary;
    const float inverse = 1.0F / scores.rule.temperature;
    float sum = 0;
    for (int token = begin; token < end; ++token) sum += expf((scores(token) - highest) * inverse);
    barrier();
    shared.sums[thread() + 1] = sum;
    if (thread() == 0) shared.first = scores.vocabulary, shared.last = 0;
    barrier();
    if (thread() == 0) {
        shared.sums[0] = 0;
        for (int i = 0; i < choose_threads; ++i) shared.sums[i + 1] += shared.sums[i];
    }
    barrier();
    const double target = static_cast<double>(scores.rule.uniform) * shared.sums[choose_threads];
    const double before = shared.sums[thread()];
    sum = 0;
    for (int token = begin; token < end; ++token) {
        const float part = expf((scores(token) - highest) * inverse);
        if (part == 0) continue;
        atomic_max(&shared.last, token);
        if (before + (sum += part) > target) {
            atomic_min(&shared.first, token);
            break;
        }
    }
    barrier();
    return shared.first < scores.vocabulary ? shared.first : shared.last;
}

/// The `top` most probable, one after the other: the best of those behind the one before.
FT_DEVICE void list_candidates(const Scores& scores, const LogSum& all, Best last, ChoiceView& choice, Shared& shared) {
    int count = 0;
    while (count < scores.rule.top && last.value != -INFINITY) {
        if (thread() == 0) {
            choice.candidate_token[count] = last.token;
            choice.candidate_log_probability[count] = last.value - all.highest - all.log_sum;
        }
        ++count;
        Best next{-INFINITY, scores.vocabulary};
        for (int token = thread(); token < scores.vocabulary; token += choose_threads) {
            const Best candidate{scores(token), token};
            const bool behind =
                candidate.value < last.value || (candidate.value == last.value && candidate.token > last.token);
            if (behind) next = better(next, candidate);
        }
        last = block_best(next, shared);
    }
    if (thread() == 0) choice.candidates = count;
}

/// A block a row.
FT_KERNEL(choose_threads)
choose_tokens_kernel(const float* logits, const RuleView* rules, ChoiceView* choices, int vocabulary) {
    Shared& shared = *shared_memory<Shared>();
    ChoiceView& choice = choices[block_x()];
    Scores scores{logits + static_cast<int64_t>(block_x()) * vocabulary, RuleView{}, vocabulary, 0};
    const LogSum everything = log_sum_exp(scores, 0, vocabulary, shared);
    const RuleView rule = scores.rule = rules[block_x()];
    if (thread() == 0) {
        choice.candidates = 0;
        choice.probe_probability =
            rule.probe >= 0 ? expf(scores.logits[rule.probe] - everything.highest - everything.log_sum) : 0.0F;
        choice.status = ChoiceView::chosen;
    }
    if (!(fabsf(everything.highest + everything.log_sum) < INFINITY)) {
        if (thread() == 0) choice.status = ChoiceView::not_finite;
        return;
    }
    if (rule.timestamp_begin >= 0 && rule.timestamp_begin < vocabulary) {
        const LogSum times = log_sum_exp(scores, rule.timestamp_begin, vocabulary, shared);
        float text = -INFINITY;
        for (int token = thread(); token < rule.timestamp_begin; token += choose_threads)
            text = fmaxf(text, scores(token));
        text = block_max(text, shared.numbers);
        if (times.highest + times.log_sum > text) scores.begin = rule.timestamp_begin;
    }
    const LogSum allowed = log_sum_exp(scores, 0, vocabulary, shared);
    if (allowed.highest == -INFINITY) {
        if (thread() == 0) choice.status = ChoiceView::nothing_allowed;
        return;
    }
    Best best{-INFINITY, vocabulary};
    for (int token = thread(); token < vocabulary; token += choose_threads)
        best = better(best, Best{scores(token), token});
    best = block_best(best, shared);
    const int token = rule.temperature > 0 ? sample(scores, allowed.highest, shared) : best.token;
    if (thread() == 0) {
        choice.token = token;
        choice.log_probability = scores(token) - allowed.highest - allowed.log_sum;
    }
    if (rule.top > 1) list_candidates(scores, allowed, best, choice, shared);
}

}  // namespace

void choose_tokens(Device& device, const float* logits, const RuleView* rules, ChoiceView* choices, int n,
                   int vocabulary) {
    // Two sums of exponentials, over all tokens and over those allowed.
    const double values = static_cast<double>(n) * vocabulary;
    const KernelWork work{6 * values,
                          sizeof(float) * values + static_cast<double>(sizeof(RuleView) + sizeof(ChoiceView)) * n};
    device.launch("choose_tokens", choose_tokens_kernel, {n}, choose_threads, sizeof(Shared), work, logits, rules,
                  choices, vocabulary);
}

}  // namespace ft::FT_GPU
