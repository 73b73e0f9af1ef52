#include "backends/cuda/attend_query.h"

namespace ft::FT_GPU {

namespace {

template <typename T>
FT_KERNEL(attend_threads)
cross_attention_kernel(const float* q, const WindowView<T>* windows, int layer, float* out, int d,
                       ProbabilityTarget target) {
    const int64_t item = block_y(), head = static_cast<int64_t>(block_x()) * attend_head;
    const WindowView<T> window = windows[item];
    const T* keys = window.keys_values + static_cast<int64_t>(layer) * window.t * 2 * d + head;
    const Attended attended =
        attend_query(q + item * d + head, keys, keys + d, 2 * static_cast<int64_t>(d), window.t, out + item * d + head);
    if (target.slot_of_head == nullptr) return;
    const int slot = target.slot_of_head[block_x()];
    if (slot < 0) return;
    float* row = target.out + item * target.item_stride + slot * target.head_stride;
    for (int i = thread(); i < window.t; i += attend_threads) row[i] = attended.probability(i);
}

}  // namespace

template <typename T>
void cross_attention(Device& device, const float* q, const WindowView<T>* windows, int layer, float* out, int n,
                     int heads, int longest, const ProbabilityTarget& target, const AttentionReach& reach) {
    const int d = heads * attend_head;
    device.launch("cross_attention", cross_attention_kernel<T>, {heads, n}, attend_threads, attend_shared(longest),
                  attention_work<T>(reach, n, d, sizeof(WindowView<T>)), q, windows, layer, out, d, target);
}

template void cross_attention<float>(Device&, const float*, const WindowView<float>*, int, float*, int, int, int,
                                     const ProbabilityTarget&, const AttentionReach&);
template void cross_attention<f16>(Device&, const float*, const WindowView<f16>*, int, float*, int, int, int,
                                   const ProbabilityTarget&, const AttentionReach&);

}  // namespace ft::FT_GPU
