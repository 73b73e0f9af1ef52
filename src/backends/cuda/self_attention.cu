#include "backends/cuda/attend_query.h"

namespace ft::FT_GPU {

namespace {

/// First all keys and values, then the queries: items of a prompt see those before them.
template <typename T>
FT_KERNEL(attend_threads)
store_keys_values(const float* qkv, T* keys, T* values, const int32_t* slots, const int32_t* positions, int d,
                  int cache_positions) {
    const int item = block_x();
    const float* row = qkv + static_cast<int64_t>(item) * 3 * d;
    const int64_t at = (static_cast<int64_t>(slots[item]) * cache_positions + positions[item]) * d;
    for (int i = thread(); i < d; i += attend_threads) {
        keys[at + i] = from_float<T>(row[d + i]);
        values[at + i] = from_float<T>(row[2 * d + i]);
    }
}

template <typename T>
FT_KERNEL(attend_threads)
self_attention_kernel(const float* qkv, const T* keys, const T* values, const int32_t* slots, const int32_t* positions,
                      float* out, int d, int cache_positions) {
    const int64_t item = block_y(), head = static_cast<int64_t>(block_x()) * attend_head;
    const int64_t first = static_cast<int64_t>(slots[item]) * cache_positions * d + head;
    attend_query(qkv + item * 3 * d + head, HeadRows<T>{keys + first, d, nullptr},
                 HeadRows<T>{values + first, d, nullptr}, positions[item] + 1, out + item * d + head);
}

/// A layer a block row; the slots of a layer lie one after the other.
template <typename T>
FT_KERNEL(attend_threads)
copy_slot_kernel(T* cache, int64_t layer_size, int64_t from, int64_t to, int count) {
    const int i = block_x() * attend_threads + thread();
    T* layer = cache + block_y() * layer_size;
    if (i < count) layer[to + i] = layer[from + i];
}

}  // namespace

template <typename T>
void self_attention(Device& device, const float* qkv, T* keys, T* values, const int32_t* slots,
                    const int32_t* positions, float* out, int n, int heads, int cache_positions,
                    const AttentionReach& reach) {
    const int d = heads * attend_head;
    constexpr size_t index_bytes = 2 * sizeof(int32_t);
    const KernelWork stored{
        0, 2 * (sizeof(float) + sizeof(T)) * static_cast<double>(n) * d + static_cast<double>(index_bytes) * n};
    device.launch("store_keys_values", store_keys_values<T>, {n}, attend_threads, 0, stored, qkv, keys, values, slots,
                  positions, d, cache_positions);
    device.launch("self_attention", self_attention_kernel<T>, {heads, n}, attend_threads,
                  attend_shared(cache_positions), attention_work<T>(reach, n, d, index_bytes), qkv, keys, values, slots,
                  positions, out, d, cache_positions);
}

template <typename T>
void copy_slot(Device& device, T* cache, int layers, int rows, int cache_positions, int d, int from, int to,
               int count) {
    const int64_t slot_size = static_cast<int64_t>(cache_positions) * d;
    device.launch("copy_slot", copy_slot_kernel<T>, {(count * d + attend_threads - 1) / attend_threads, layers},
                  attend_threads, 0, {0, 2 * sizeof(T) * static_cast<double>(count) * d * layers}, cache,
                  rows * slot_size, from * slot_size, to * slot_size, count * d);
}

template void self_attention<float>(Device&, const float*, float*, float*, const int32_t*, const int32_t*, float*, int,
                                    int, int, const AttentionReach&);
template void self_attention<f16>(Device&, const float*, f16*, f16*, const int32_t*, const int32_t*, float*, int, int,
                                  int, const AttentionReach&);
template void copy_slot<float>(Device&, float*, int, int, int, int, int, int, int);
template void copy_slot<f16>(Device&, f16*, int, int, int, int, int, int, int);

}  // namespace ft::FT_GPU
