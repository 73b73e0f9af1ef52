#include "backends/cpu/attention_trace.h"

#include <algorithm>
#include <cmath>

namespace ft::cpu {

CpuAttentionTrace::CpuAttentionTrace(int64_t items, int heads) : items_(items), heads_(static_cast<size_t>(heads)) {
    if (items <= 0 || heads <= 0) throw Error(ErrorCode::internal, "an attention trace of nothing");
}

void CpuAttentionTrace::add(int first_head, int heads, std::vector<float> block) {
    const int64_t t = static_cast<int64_t>(block.size()) / (items_ * heads);
    if (first_head < 0 || static_cast<size_t>(first_head) + static_cast<size_t>(heads) > heads_.size() ||
        (t_ != 0 && t != t_) || t * items_ * heads != static_cast<int64_t>(block.size())) {
        throw Error(ErrorCode::internal, "an attention trace has no room for these heads or windows");
    }
    t_ = t;
    for (int h = 0; h < heads; ++h) heads_[static_cast<size_t>(first_head + h)] = {blocks_.size(), h, heads};
    blocks_.push_back(std::move(block));
}

const float* CpuAttentionTrace::row(int head, int64_t item) const {
    if (head < 0 || static_cast<size_t>(head) >= heads_.size() || heads_[static_cast<size_t>(head)].stride == 0)
        throw Error(ErrorCode::internal, "head {} was not traced", head);
    const Head& place = heads_[static_cast<size_t>(head)];
    return blocks_[place.block].data() + (item * place.stride + place.place) * t_;
}

namespace {

static_assert(alignment_median == 7, "the network of comparisons below is for seven values");

inline void order(float& a, float& b) {
    const float low = a < b ? a : b;
    b = a < b ? b : a;
    a = low;
}

/// The middle one of seven (Devillard, "Fast median search", 1998). Without branches, so that loops over it become
/// vectors.
inline float median7(float a, float b, float c, float d, float e, float f, float g) {
    order(a, f);
    order(a, d);
    order(b, g);
    order(c, e);
    order(a, b);
    order(d, f);
    order(c, g);
    order(c, d);
    order(d, g);
    order(e, f);
    order(b, e);
    order(b, d);
    order(d, e);
    return d;
}

void scale_to_sum_1(const float* p, int64_t n, float* out) {
    // Four sums, as each addition waits for the one before.
    double sums[4] = {};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (int64_t k = 0; k < 4; ++k) sums[k] += p[i + k];
    }
    for (; i < n; ++i) sums[0] += p[i];
    const double sum = sums[0] + sums[1] + sums[2] + sums[3];
    const float inverse = sum > 0 ? static_cast<float>(1 / sum) : 0.0F;
    for (int64_t j = 0; j < n; ++j) out[j] = p[j] * inverse;
}

/// At each frame mean 0 and deviation 1 over the rows. Frame by frame the sums lie side by side: whole rows are added.
void standardize(float* rows, int64_t count, int64_t frames, float* mean, float* inverse) {
    std::fill_n(mean, frames, 0.0F);
    std::fill_n(inverse, frames, 0.0F);
    for (int64_t i = 0; i < count; ++i) {
        const float* row = rows + i * frames;
        for (int64_t j = 0; j < frames; ++j) mean[j] += row[j];
    }
    const float share = 1.0F / static_cast<float>(count);
    for (int64_t j = 0; j < frames; ++j) mean[j] *= share;
    for (int64_t i = 0; i < count; ++i) {
        const float* row = rows + i * frames;
        for (int64_t j = 0; j < frames; ++j) inverse[j] += (row[j] - mean[j]) * (row[j] - mean[j]);
    }
    for (int64_t j = 0; j < frames; ++j) {
        const float deviation = std::sqrt(inverse[j] * share);
        inverse[j] = deviation > 0 ? 1.0F / deviation : 0.0F;
    }
    for (int64_t i = 0; i < count; ++i) {
        float* row = rows + i * frames;
        for (int64_t j = 0; j < frames; ++j) row[j] = (row[j] - mean[j]) * inverse[j];
    }
}

/// In place; `padded` has room for the row and three values at either end.
void smooth(float* row, int64_t frames, float* padded) {
    constexpr int64_t reach = alignment_median / 2;
    if (frames <= reach) return;
    std::copy_n(row, frames, padded + reach);
    for (int64_t j = 1; j <= reach; ++j) {
        padded[reach - j] = row[j];
        padded[reach + frames - 1 + j] = row[frames - 1 - j];
    }
    const float* p = padded;
    for (int64_t j = 0; j < frames; ++j)
        row[j] = median7(p[j], p[j + 1], p[j + 2], p[j + 3], p[j + 4], p[j + 5], p[j + 6]);
}

}  // namespace

void alignment_matrix(Engine& engine, const CpuAttentionTrace& trace, std::span<const int32_t> trace_heads,
                      const TracedText& text, float* out) {
    const auto count = static_cast<int64_t>(trace_heads.size());
    if (count == 0 || text.begin < 0 || text.size <= 0 || text.begin + text.size > trace.items() || text.frames <= 0 ||
        text.frames > trace.t()) {
        throw Error(ErrorCode::internal, "an alignment of tokens, heads or frames that were not traced");
    }
    const int64_t frames = text.frames, area = text.size * frames;
    float* all = engine.floats.get(count * area);
    engine.pool.run(count, [&](int64_t h, int thread) {
        float* rows = all + h * area;
        for (int64_t i = 0; i < text.size; ++i)
            scale_to_sum_1(trace.row(trace_heads[static_cast<size_t>(h)], text.begin + i), frames, rows + i * frames);
        float* scratch = engine.thread_floats[thread].get(2 * frames + alignment_median);
        standardize(rows, text.size, frames, scratch, scratch + frames);
        for (int64_t i = 0; i < text.size; ++i) smooth(rows + i * frames, frames, scratch);
    });
    const float share = 1.0F / static_cast<float>(count);
    engine.pool.run(text.size, [&](int64_t i, int) {
        float* row = out + i * frames;
        std::copy_n(all + i * frames, frames, row);
        for (int64_t h = 1; h < count; ++h) {
            const float* more = all + h * area + i * frames;
            for (int64_t j = 0; j < frames; ++j) row[j] += more[j];
        }
        for (int64_t j = 0; j < frames; ++j) row[j] *= share;
    });
}

}  // namespace ft::cpu
