#include <algorithm>
#include <cmath>
#include <cstddef>

#include "backends/reference/reference_types.h"

namespace ft::reference {

namespace {

/// [tokens][frames] of one head, each row scaled to a sum of 1.
std::vector<std::vector<double>> shares(const std::vector<std::vector<float>>& items, const TracedText& text) {
    std::vector<std::vector<double>> rows;
    for (int64_t i = text.begin; i < text.begin + text.size; ++i) {
        std::vector<double> row(items[i].begin(), items[i].begin() + text.frames);
        double sum = 0;
        for (const double p : row) sum += p;
        for (double& p : row) p = sum > 0 ? p / sum : 0;
        rows.push_back(std::move(row));
    }
    return rows;
}

/// At each frame mean 0 and deviation 1 over the tokens.
void standardize(std::vector<std::vector<double>>& rows) {
    const auto count = static_cast<double>(rows.size());
    for (size_t frame = 0; frame < rows[0].size(); ++frame) {
        double sum = 0, squares = 0;
        for (const auto& row : rows) sum += row[frame];
        for (const auto& row : rows) squares += (row[frame] - sum / count) * (row[frame] - sum / count);
        const double deviation = std::sqrt(squares / count);
        for (auto& row : rows) row[frame] = deviation > 0 ? (row[frame] - sum / count) / deviation : 0;
    }
}

std::vector<double> running_median(const std::vector<double>& row) {
    const int64_t n = static_cast<int64_t>(row.size()), reach = alignment_median / 2;
    if (n <= reach) return row;
    std::vector<double> result;
    for (int64_t frame = 0; frame < n; ++frame) {
        std::vector<double> near;
        for (int64_t j = frame - reach; j <= frame + reach; ++j) {
            const int64_t mirrored = j < 0 ? -j : j >= n ? 2 * (n - 1) - j : j;
            near.push_back(row[static_cast<size_t>(mirrored)]);
        }
        std::sort(near.begin(), near.end());
        result.push_back(near[static_cast<size_t>(reach)]);
    }
    return result;
}

}  // namespace

std::unique_ptr<AttentionTrace> ReferenceBackend::make_attention_trace(int64_t items, int heads) {
    check(items > 0 && heads > 0, "make_attention_trace: an empty trace");
    auto trace = std::make_unique<FloatAttentionTrace>();
    trace->items = static_cast<size_t>(items);
    trace->probabilities.resize(static_cast<size_t>(heads));
    return trace;
}

void ReferenceBackend::cross_attention_trace(const Tensor& q, int heads, int layer,
                                             std::span<const CrossCache* const> caches,
                                             std::span<const int32_t> heads_wanted, AttentionTrace& trace,
                                             int first_head, Tensor& out) {
    auto* kept = dynamic_cast<FloatAttentionTrace*>(&trace);
    check(kept != nullptr && kept->items == caches.size(), "cross_attention_trace: a trace of other texts");
    check(!heads_wanted.empty() && first_head >= 0 && first_head + heads_wanted.size() <= kept->probabilities.size(),
          "cross_attention_trace: the trace has no room for the heads");
    std::vector<float> weights;  // [items, heads wanted, T]
    cross_attention_step(q, heads, layer, caches, out, heads_wanted, &weights);
    const size_t rows = kept->items * heads_wanted.size(), t = weights.size() / rows;
    for (size_t row = 0; row < rows; ++row) {
        auto& head = kept->probabilities[static_cast<size_t>(first_head) + row % heads_wanted.size()];
        const auto begin = weights.begin() + static_cast<ptrdiff_t>(row * t);
        head.emplace_back(begin, begin + static_cast<ptrdiff_t>(t));
    }
}

std::vector<float> ReferenceBackend::alignment_matrix(const AttentionTrace& trace, std::span<const int32_t> trace_heads,
                                                      const TracedText& text) {
    const auto* kept = dynamic_cast<const FloatAttentionTrace*>(&trace);
    check(kept != nullptr && !trace_heads.empty(), "alignment_matrix: a trace of another backend, or no heads");
    check(text.begin >= 0 && text.size > 0 && text.begin + text.size <= static_cast<int64_t>(kept->items),
          "alignment_matrix: no such items");
    std::vector<double> sum(static_cast<size_t>(text.size * text.frames));
    for (const int32_t head : trace_heads) {
        check(head >= 0 && static_cast<size_t>(head) < kept->probabilities.size(), "alignment_matrix: no such head");
        const auto& items = kept->probabilities[static_cast<size_t>(head)];
        check(items.size() == kept->items, "alignment_matrix: a head was not traced");
        check(text.frames > 0 && text.frames <= static_cast<int64_t>(items[0].size()),
              "alignment_matrix: no such frames");
        auto rows = shares(items, text);
        standardize(rows);
        for (size_t i = 0; i < rows.size(); ++i) {
            const std::vector<double> smooth = running_median(rows[i]);
            for (size_t f = 0; f < smooth.size(); ++f) sum[i * smooth.size() + f] += smooth[f];
        }
    }
    std::vector<float> mean;
    for (const double value : sum) mean.push_back(static_cast<float>(value / static_cast<double>(trace_heads.size())));
    return mean;
}

}  // namespace ft::reference
