#pragma once
// One query of one head over keys and values that lie in a cache: what a block does in self- and in cross-attention.
#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

constexpr int attend_threads = 128, attend_head = 64;
constexpr int attend_groups = attend_threads / 8;  // eight lanes read a row of 64

/// Shared memory in bytes for `count` positions.
constexpr size_t attend_shared(int count) {
    return sizeof(float) * static_cast<size_t>(attend_groups * attend_head + attend_threads / warp_lanes + count);
}

/// Queries and results, keys and values, scores and sums; `index_bytes` an item besides.
template <typename T>
KernelWork attention_work(const AttentionReach& reach, int n, int d, size_t index_bytes) {
    return {4 * reach.pairs * d, 2 * sizeof(float) * static_cast<double>(n) * d + 2 * sizeof(T) * reach.positions * d +
                                     sizeof(float) * reach.probabilities + static_cast<double>(index_bytes) * n};
}

/// Rows of keys and values are `stride` apart. out [64] = Σ p·values; afterwards probability(i) is p of position i, for
/// the thread i%attend_threads that made it.
struct Attended {
    const float* shares;  // shared, [count]
    float factor;
    FT_DEVICE float probability(int position) const { return shares[position] * factor; }
};

template <typename T>
FT_DEVICE Attended attend_query(const float* query, const T* keys, const T* values, int64_t stride, int count,
                                float* out) {
    float* parts = shared_memory<float>();                 // [attend_groups][64]
    float* scratch = parts + attend_groups * attend_head;  // one value a warp
    float* shares = scratch + attend_threads / warp_lanes;
    const int group = thread() / 8, at = thread() % 8 * 8;
    float q[8], row[8];
    load8(query + at, q);
    float highest = -INFINITY;
    for (int first = 0; first < count; first += attend_groups) {
        const int position = first + group;
        float dot = 0;
        if (position < count) {
            load8(keys + position * stride + at, row);
            FT_UNROLL
            for (int i = 0; i < 8; ++i) dot += q[i] * row[i];
        }
        FT_UNROLL
        for (int mask = 4; mask > 0; mask /= 2) dot += shuffle_xor(dot, mask);
        dot *= 0.125F;
        if (position < count) {
            if (thread() % 8 == 0) shares[position] = dot;
            highest = fmaxf(highest, dot);
        }
    }
    highest = block_max(highest, scratch);
    float total = 0;
    for (int i = thread(); i < count; i += attend_threads) total += shares[i] = expf(shares[i] - highest);
    total = block_sum(total, scratch);
    float sums[8] = {};
    for (int position = group; position < count; position += attend_groups) {
        load8(values + position * stride + at, row);
        FT_UNROLL
        for (int i = 0; i < 8; ++i) sums[i] += shares[position] * row[i];
    }
    FT_UNROLL
    for (int i = 0; i < 8; ++i) parts[group * attend_head + at + i] = sums[i];
    barrier();
    if (thread() < attend_head) {
        float sum = 0;
        for (int g = 0; g < attend_groups; ++g) sum += parts[g * attend_head + thread()];
        out[thread()] = sum / total;
    }
    return {shares, 1.0F / total};
}

}  // namespace ft::FT_GPU
