#pragma once
// One query of one head over keys and values that lie in a cache: what a block does in self- and in cross-attention.
#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

constexpr int attend_threads = 128, attend_warps = attend_threads / warp_lanes, attend_head = 64;
/// Positions that a thread reads before it uses the first: enough bytes are under way to fill the memory's time.
constexpr int attend_ahead = 4;

/// Shared memory in bytes for `count` positions.
constexpr size_t attend_shared(int count) {
    return sizeof(float) * static_cast<size_t>(attend_warps * attend_head + attend_warps + count);
}

/// Queries and results, keys and values with their scales, scores and sums; `index_bytes` an item besides.
template <typename T>
KernelWork attention_work(const AttentionReach& reach, int n, int d, size_t index_bytes) {
    const double scales = sizeof(T) == 1 ? 2.0 * sizeof(float) / attend_head : 0;  // for a value of keys and values
    return {4 * reach.pairs * d, 2 * sizeof(float) * static_cast<double>(n) * d +
                                     (2 * sizeof(T) + scales) * reach.positions * d +
                                     sizeof(float) * reach.probabilities + static_cast<double>(index_bytes) * n};
}

/// A head's keys or values: row i begins at first + i·stride. Of bytes, it is worth scale[i] times what it says.
template <typename T>
struct HeadRows {
    const T* first = nullptr;
    int64_t stride = 0;
    const float* scale = nullptr;
};

/// What a lane has of a row.
template <typename T>
struct Piece {
    static constexpr int width = sizeof(T) == 1 ? 16 : 8, lanes = attend_head / width;
    Vec16 words[width * sizeof(T) / 16];
    float scale;

    FT_DEVICE void load(const HeadRows<T>& rows, int position, int at) {
        const auto* from = reinterpret_cast<const Vec16*>(rows.first + position * rows.stride + at);
        FT_UNROLL
        for (size_t i = 0; i < sizeof(words) / 16; ++i) words[i] = from[i];
        if constexpr (sizeof(T) == 1) scale = rows.scale[position];
    }
    FT_DEVICE void clear() {
        FT_UNROLL
        for (Vec16& word : words) word = Vec16{0, 0, 0, 0};
        scale = 0;
    }
    FT_DEVICE void unpack(float (&v)[width]) const {
        if constexpr (sizeof(T) == 1) {
            load16(reinterpret_cast<const T*>(words), v);
        } else {
            load8(reinterpret_cast<const T*>(words), v);
        }
    }
    FT_DEVICE float scaled(float value) const {
        if constexpr (sizeof(T) == 1) value *= scale;
        return value;
    }
};

/// The pieces of this thread from `first` on, a position every `groups`.
template <typename T>
FT_DEVICE void load_ahead(const HeadRows<T>& rows, int first, int groups, int count, int at,
                          Piece<T> (&pieces)[attend_ahead]) {
    FT_UNROLL
    for (int i = 0; i < attend_ahead; ++i) {
        const int position = first + i * groups;
        if (position < count) {
            pieces[i].load(rows, position, at);
        } else {
            pieces[i].clear();
        }
    }
}

/// out [64] = Σ p·values; afterwards probability(i) is p of position i, for the thread i%attend_threads that made it.
struct Attended {
    const float* shares;  // shared, [count]
    float factor;
    FT_DEVICE float probability(int position) const { return shares[position] * factor; }
};

/// Scores of all positions into `shares`; returns the highest of those this thread saw.
template <typename T>
FT_DEVICE float score_positions(const float* query, const HeadRows<T>& keys, int count, float* shares) {
    constexpr int width = Piece<T>::width, lanes = Piece<T>::lanes, groups = attend_threads / lanes;
    const int group = thread() / lanes, at = thread() % lanes * width;
    float q[width], highest = -INFINITY;
    FT_UNROLL
    for (int i = 0; i < width; ++i) q[i] = 0.125F * query[at + i];
    for (int first = 0; first < count; first += attend_ahead * groups) {
        Piece<T> pieces[attend_ahead];
        load_ahead(keys, first + group, groups, count, at, pieces);
        FT_UNROLL
        for (int a = 0; a < attend_ahead; ++a) {
            float row[width], dot = 0;
            pieces[a].unpack(row);
            FT_UNROLL
            for (int i = 0; i < width; ++i) dot += q[i] * row[i];
            FT_UNROLL
            for (int mask = lanes / 2; mask > 0; mask /= 2) dot += shuffle_xor(dot, mask);
            const int position = first + a * groups + group;
            if (position >= count) continue;
            dot = pieces[a].scaled(dot);
            if (thread() % lanes == 0) shares[position] = dot;
            highest = fmaxf(highest, dot);
        }
    }
    return highest;
}

/// Σ shares·values into `parts` [attend_warps][64].
template <typename T>
FT_DEVICE void sum_values(const HeadRows<T>& values, int count, const float* shares, float* parts) {
    constexpr int width = Piece<T>::width, lanes = Piece<T>::lanes, groups = attend_threads / lanes;
    const int group = thread() / lanes, at = thread() % lanes * width;
    float sums[width] = {};
    for (int first = 0; first < count; first += attend_ahead * groups) {
        Piece<T> pieces[attend_ahead];
        load_ahead(values, first + group, groups, count, at, pieces);
        FT_UNROLL
        for (int a = 0; a < attend_ahead; ++a) {
            const int position = first + a * groups + group;
            const float share = position < count ? pieces[a].scaled(shares[position]) : 0.0F;
            float row[width];
            pieces[a].unpack(row);
            FT_UNROLL
            for (int i = 0; i < width; ++i) sums[i] += share * row[i];
        }
    }
    FT_UNROLL
    for (int i = 0; i < width; ++i) {
        FT_UNROLL
        for (int mask = lanes; mask < warp_lanes; mask *= 2) sums[i] += shuffle_xor(sums[i], mask);
        if (lane() < lanes) parts[warp() * attend_head + at + i] = sums[i];
    }
}

template <typename T>
FT_DEVICE Attended attend_query(const float* query, const HeadRows<T>& keys, const HeadRows<T>& values, int count,
                                float* out) {
    float* parts = shared_memory<float>();                // [attend_warps][64]
    float* scratch = parts + attend_warps * attend_head;  // one value a warp
    float* shares = scratch + attend_warps;
    const float highest = block_max(score_positions(query, keys, count, shares), scratch);
    float total = 0;
    for (int i = thread(); i < count; i += attend_threads) total += shares[i] = expf(shares[i] - highest);
    total = block_sum(total, scratch);
    sum_values(values, count, shares, parts);
    barrier();
    if (thread() < attend_head) {
        float sum = 0;
        for (int w = 0; w < attend_warps; ++w) sum += parts[w * attend_head + thread()];
        out[thread()] = sum / total;
    }
    return {shares, 1.0F / total};
}

}  // namespace ft::FT_GPU
