#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

namespace {

constexpr int embed_threads = 128;

template <typename T>
FT_KERNEL(embed_threads)
embed_kernel(const T* table, const float* scale, const float* positions, const int32_t* tokens, const int32_t* position,
             float* out, int d) {
    const int item = block_x();
    const int32_t token = tokens[item];
    const float factor = scale != nullptr ? scale[token] : 1.0F;
    for (int i = thread(); i < d; i += embed_threads) {
        out[static_cast<int64_t>(item) * d + i] = to_float(table[static_cast<int64_t>(token) * d + i]) * factor +
                                                  positions[static_cast<int64_t>(position[item]) * d + i];
    }
}

}  // namespace

template <typename T>
void embed(Device& device, const T* table, const float* scale, const float* positions, const int32_t* tokens,
           const int32_t* position, float* out, int n, int d) {
    const double values = static_cast<double>(n) * d;
    const KernelWork work{
        (scale != nullptr ? 2 : 1) * values,
        (sizeof(T) + 2 * sizeof(float)) * values + (2 * sizeof(int32_t) + (scale != nullptr ? sizeof(float) : 0)) * n};
    device.launch("embed", embed_kernel<T>, {n}, embed_threads, 0, work, table, scale, positions, tokens, position, out,
                  d);
}

template void embed<float>(Device&, const float*, const float*, const float*, const int32_t*, const int32_t*, float*,
                           int, int);
template void embed<f16>(Device&, const f16*, const float*, const float*, const int32_t*, const int32_t*, float*, int,
                         int);
template void embed<i8>(Device&, const i8*, const float*, const float*, const int32_t*, const int32_t*, float*, int,
                        int);

}  // namespace ft::FT_GPU
