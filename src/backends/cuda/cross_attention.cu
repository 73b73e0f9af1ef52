#include "backends/cuda/attend_query.h"

namespace ft::FT_GPU {

namespace {

template <typename T>
FT_KERNEL(attend_threads)
cross_attention_kernel(const float* q, const WindowView* windows, int layer, float* out, int heads,
                       ProbabilityTarget target) {
    const int64_t item = block_y(), head = block_x(), d = static_cast<int64_t>(heads) * attend_head;
    const WindowView window = windows[item];
    const auto* all = static_cast<const T*>(window.keys_values);
    HeadRows<T> keys, values;
    if constexpr (sizeof(T) == 1) {
        const int64_t key = (2 * layer * static_cast<int64_t>(heads) + head) * window.t;
        const int64_t value = key + static_cast<int64_t>(heads) * window.t;
        keys = {all + key * attend_head, attend_head, window.scales + key};
        values = {all + value * attend_head, attend_head, window.scales + value};
    } else {
        keys = {all + layer * static_cast<int64_t>(window.t) * 2 * d + head * attend_head, 2 * d, nullptr};
        values = {keys.first + d, 2 * d, nullptr};
    }
    const int64_t at = item * d + head * attend_head;
    const Attended attended = attend_query(q + at, keys, values, window.t, out + at);
    if (target.slot_of_head == nullptr) return;
    const int slot = target.slot_of_head[head];
    if (slot < 0) return;
    float* row = target.out + item * target.item_stride + slot * target.head_stride;
    for (int i = thread(); i < window.t; i += attend_threads) row[i] = attended.probability(i);
}

constexpr int window_threads = 128, window_lanes = 8, window_rows = window_threads / window_lanes;

/// Eight lanes a row of 64. A value that is not finite makes its row's scale NaN: what is damaged is not hidden.
FT_KERNEL(window_threads)
window_to_bytes_kernel(const f16* keys_values, i8* bytes, float* scales, int t, int heads) {
    const int position = block_x() * window_rows + thread() / window_lanes, at = thread() % window_lanes * 8;
    const int64_t head = block_y();  // keys' first, then values'
    float v[8] = {};
    if (position < t) load8(keys_values + (position * 2LL * heads + head) * attend_head + at, v);
    float largest = 0, spoiled = 0;
    FT_UNROLL
    for (int i = 0; i < 8; ++i) {
        largest = fmaxf(largest, fabsf(v[i]));
        spoiled += 0.0F * v[i];
    }
    FT_UNROLL
    for (int mask = window_lanes / 2; mask > 0; mask /= 2) {
        largest = fmaxf(largest, shuffle_xor(largest, mask));
        spoiled += shuffle_xor(spoiled, mask);
    }
    if (position >= t) return;
    const float factor = largest > 0 ? i8_largest / largest : 0.0F;
    uint32_t words[2] = {};
    FT_UNROLL
    for (int i = 0; i < 8; ++i)
        words[i / 4] |= static_cast<uint32_t>(round_to_int(v[i] * factor) + i8_zero) % 256 << (8 * (i % 4));
    const int64_t row = head * t + position;
    *reinterpret_cast<Vec8*>(bytes + row * attend_head + at) = Vec8{words[0], words[1]};
    if (at == 0) scales[row] = largest / i8_largest + spoiled;
}

}  // namespace

template <typename T>
void cross_attention(Device& device, const float* q, const WindowView* windows, int layer, float* out, int n, int heads,
                     int longest, const ProbabilityTarget& target, const AttentionReach& reach) {
    device.launch("cross_attention", cross_attention_kernel<T>, {heads, n}, attend_threads, attend_shared(longest),
                  attention_work<T>(reach, n, heads * attend_head, sizeof(WindowView)), q, windows, layer, out, heads,
                  target);
}

void window_to_bytes(Device& device, const f16* keys_values, i8* bytes, float* scales, int t, int heads) {
    const double values = 2.0 * t * heads * attend_head;
    const KernelWork work{3 * values, values * (sizeof(f16) + sizeof(i8)) + values / attend_head * sizeof(float)};
    device.launch("window_to_bytes", window_to_bytes_kernel, {(t + window_rows - 1) / window_rows, 2 * heads},
                  window_threads, 0, work, keys_values, bytes, scales, t, heads);
}

template void cross_attention<float>(Device&, const float*, const WindowView*, int, float*, int, int, int,
                                     const ProbabilityTarget&, const AttentionReach&);
template void cross_attention<f16>(Device&, const float*, const WindowView*, int, float*, int, int, int,
                                   const ProbabilityTarget&, const AttentionReach&);
template void cross_attention<i8>(Device&, const float*, const WindowView*, int, float*, int, int, int,
                                  const ProbabilityTarget&, const AttentionReach&);

}  // namespace ft::FT_GPU
