#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

namespace {

constexpr int head_size = 64;
constexpr float log2_e = 1.44269504F;

// ── halves: flash attention (Dao, "FlashAttention-2", 2023) on tensor cores
// ─────────────────────────────────────────────
constexpr int mma_threads = 256, mma_queries = 128, mma_keys = 64;
constexpr int pitch = head_size + 8;  // halves: the rows of a matrix lie in different banks

/// 64 keys and their values as halves; zeros beyond the last step.
FT_DEVICE void load_tile(const float* keys, int64_t stride, int first, int steps, int d, f16* to) {
    const int key = thread() / 4, at = thread() % 4 * 16;
    for (int half = 0; half < 4; ++half) {
        const int column = at + half % 2 * 8;
        Vec16 packed{0, 0, 0, 0};
        if (first + key < steps) {
            float v[8];
            load8(keys + (first + key) * stride + half / 2 * d + column, v);
            packed = Vec16{pack_halves(v[0], v[1]), pack_halves(v[2], v[3]), pack_halves(v[4], v[5]),
                           pack_halves(v[6], v[7])};
        }
        *reinterpret_cast<Vec16*>(to + (half / 2 * mma_keys + key) * pitch + column) = packed;
    }
}

/// This warp's 16 queries as the left factor of four products over 16.
FT_DEVICE void load_queries(const float* queries, int64_t stride, int first, int steps, uint32_t (&q)[4][4]) {
    FT_UNROLL
    for (int k = 0; k < 4; ++k) {
        FT_UNROLL
        for (int i = 0; i < 4; ++i) {
            const int row = first + lane() / 4 + i % 2 * 8, column = 16 * k + lane() % 4 * 2 + i / 2 * 8;
            const float* p = queries + row * stride + column;
            q[k][i] = row < steps ? pack_halves(0.125F * p[0], 0.125F * p[1]) : 0U;
        }
    }
}

/// Scores of 16 queries and 64 keys; −∞ for keys from `valid` on.
FT_DEVICE void score_tile(const f16* keys, const uint32_t (&q)[4][4], int valid, float (&s)[8][4]) {
    FT_UNROLL
    for (int j = 0; j < 8; ++j) {
        FT_UNROLL
        for (int e = 0; e < 4; ++e) s[j][e] = 0;
        FT_UNROLL
        for (int half = 0; half < 2; ++half) {
            uint32_t b[4];
            load_matrices(b, keys + (8 * j + lane() % 8) * pitch + 32 * half + lane() / 8 * 8);
            multiply_add(s[j], q[2 * half], b[0], b[1]);
            multiply_add(s[j], q[2 * half + 1], b[2], b[3]);
        }
        FT_UNROLL
        for (int e = 0; e < 4; ++e)
            if (8 * j + lane() % 4 * 2 + e % 2 >= valid) s[j][e] = -INFINITY;
    }
}

/// A lane has two queries' parts: elements 0 and 1 of one, 2 and 3 of the other, eight below.
struct Running {
    float highest[2] = {-INFINITY, -INFINITY};
    float total[2] = {};  // of this lane's keys
    float out[8][4] = {};
};

/// Scores become shares of the highest so far, and what was summed before is scaled to it.
FT_DEVICE void weigh(float (&s)[8][4], Running& run) {
    FT_UNROLL
    for (int r = 0; r < 2; ++r) {
        float highest = run.highest[r];
        FT_UNROLL
        for (int j = 0; j < 8; ++j) highest = fmaxf(highest, fmaxf(s[j][2 * r], s[j][2 * r + 1]));
        highest = fmaxf(highest, shuffle_xor(highest, 1));
        highest = fmaxf(highest, shuffle_xor(highest, 2));
        const float shrink = exp2f((run.highest[r] - highest) * log2_e);
        run.highest[r] = highest;
        run.total[r] *= shrink;
        FT_UNROLL
        for (int j = 0; j < 8; ++j) {
            run.out[j][2 * r] *= shrink;
            run.out[j][2 * r + 1] *= shrink;
            FT_UNROLL
            for (int e = 2 * r; e < 2 * r + 2; ++e) {
                s[j][e] = exp2f((s[j][e] - highest) * log2_e);
                run.total[r] += s[j][e];
            }
        }
    }
}

/// out += shares · values. Results of the first product have the places of the second one's left factor.
FT_DEVICE void add_values(const f16* values, const float (&s)[8][4], Running& run) {
    FT_UNROLL
    for (int k = 0; k < 4; ++k) {
        const uint32_t p[4] = {pack_halves(s[2 * k][0], s[2 * k][1]), pack_halves(s[2 * k][2], s[2 * k][3]),
                               pack_halves(s[2 * k + 1][0], s[2 * k + 1][1]),
                               pack_halves(s[2 * k + 1][2], s[2 * k + 1][3])};
        FT_UNROLL
        for (int j = 0; j < 8; j += 2) {
            uint32_t b[4];
            load_matrices_transposed(b, values + (16 * k + lane() % 16) * pitch + (j + lane() / 16) * 8);
            multiply_add(run.out[j], p, b[0], b[1]);
            multiply_add(run.out[j + 1], p, b[2], b[3]);
        }
    }
}

/// A block: 128 queries of a head, a warp 16 of them.
FT_KERNEL(mma_threads)
encoder_attention_mma(const float* qkv, float* out, int steps, int d) {
    f16* tile = shared_memory<f16>();  // [keys then values][mma_keys][pitch]
    const int64_t stride = 3 * static_cast<int64_t>(d);
    const float* head = qkv + block_y() * head_size;
    const int first_query = block_x() * mma_queries + 16 * warp();
    uint32_t q[4][4];
    load_queries(head, stride, first_query, steps, q);
    Running run;
    for (int first = 0; first < steps; first += mma_keys) {
        barrier();
        load_tile(head + d, stride, first, steps, d, tile);
        barrier();
        float s[8][4];
        score_tile(tile, q, steps - first, s);
        weigh(s, run);
        add_values(tile + mma_keys * pitch, s, run);
    }
    FT_UNROLL
    for (int r = 0; r < 2; ++r) {
        float total = run.total[r] + shuffle_xor(run.total[r], 1);
        total += shuffle_xor(total, 2);
        const int query = first_query + lane() / 4 + 8 * r;
        if (query >= steps) continue;
        float* row = out + static_cast<int64_t>(query) * d + block_y() * head_size + lane() % 4 * 2;
        FT_UNROLL
        for (int j = 0; j < 8; ++j) {
            row[8 * j] = run.out[j][2 * r] / total;
            row[8 * j + 1] = run.out[j][2 * r + 1] / total;
        }
    }
}

// ── float32: the same with plain products
// ───────────────────────────────────────────────────────────────────────────────
constexpr int plain_threads = 128, plain_queries = 32, plain_keys = 32, plain_pitch = head_size + 1;

/// A block: 32 queries of a head; of a query, four threads take eight keys' scores each, then 16 of the 64 results.
FT_KERNEL(plain_threads)
encoder_attention_plain(const float* qkv, float* out, int steps, int d) {
    float* q = shared_memory<float>();           // [plain_queries][plain_pitch]
    float* k = q + plain_queries * plain_pitch;  // [plain_keys][plain_pitch]
    float* v = k + plain_keys * plain_pitch;     // [plain_keys][plain_pitch]
    float* s = v + plain_keys * plain_pitch;     // [plain_queries][plain_keys + 1]
    const int64_t stride = 3 * static_cast<int64_t>(d);
    const float* head = qkv + block_y() * head_size;
    const int first_query = block_x() * plain_queries, query = thread() / 4, part = thread() % 4;
    for (int i = thread(); i < plain_queries * head_size; i += plain_threads) {
        const int row = i / head_size, c = i % head_size;
        q[row * plain_pitch + c] = first_query + row < steps ? 0.125F * head[(first_query + row) * stride + c] : 0.0F;
    }
    float highest = -INFINITY, total = 0, sums[16] = {};
    for (int first = 0; first < steps; first += plain_keys) {
        barrier();
        for (int i = thread(); i < plain_keys * head_size; i += plain_threads) {
            const int row = i / head_size, c = i % head_size;
            const bool inside = first + row < steps;
            k[row * plain_pitch + c] = inside ? head[(first + row) * stride + d + c] : 0.0F;
            v[row * plain_pitch + c] = inside ? head[(first + row) * stride + 2 * d + c] : 0.0F;
        }
        barrier();
        for (int key = 8 * part; key < 8 * part + 8; ++key) {
            float dot = 0;
            for (int c = 0; c < head_size; ++c) dot += q[query * plain_pitch + c] * k[key * plain_pitch + c];
            s[query * (plain_keys + 1) + key] = first + key < steps ? dot : -INFINITY;
        }
        barrier();
        const float* scores = s + query * (plain_keys + 1);
        float higher = highest;
        for (int key = 0; key < plain_keys; ++key) higher = fmaxf(higher, scores[key]);
        const float shrink = expf(highest - higher);
        highest = higher;
        total *= shrink;
        FT_UNROLL
        for (int c = 0; c < 16; ++c) sums[c] *= shrink;
        for (int key = 0; key < plain_keys; ++key) {
            const float p = expf(scores[key] - highest);
            total += p;
            FT_UNROLL
            for (int c = 0; c < 16; ++c) sums[c] += p * v[key * plain_pitch + 16 * part + c];
        }
    }
    if (first_query + query >= steps) return;
    float* row = out + static_cast<int64_t>(first_query + query) * d + block_y() * head_size + 16 * part;
    for (int c = 0; c < 16; ++c) row[c] = sums[c] / total;
}

/// Scores and sums of values; queries, keys, values and results.
KernelWork work_of(int steps, int heads) {
    const double values = static_cast<double>(steps) * heads * head_size;
    return {4.0 * steps * values, 4 * sizeof(float) * values};
}

}  // namespace

template <>
void encoder_attention<f16>(Device& device, const float* qkv, float* out, int steps, int heads) {
    device.launch("encoder_attention_mma", encoder_attention_mma, {(steps + mma_queries - 1) / mma_queries, heads},
                  mma_threads, sizeof(f16) * 2 * mma_keys * pitch, work_of(steps, heads), qkv, out, steps,
                  heads * head_size);
}

template <>
void encoder_attention<float>(Device& device, const float* qkv, float* out, int steps, int heads) {
    constexpr size_t shared =
        sizeof(float) * ((plain_queries + 2 * plain_keys) * plain_pitch + plain_queries * (plain_keys + 1));
    device.launch("encoder_attention_plain", encoder_attention_plain,
                  {(steps + plain_queries - 1) / plain_queries, heads}, plain_threads, shared, work_of(steps, heads),
                  qkv, out, steps, heads * head_size);
}

}  // namespace ft::FT_GPU
