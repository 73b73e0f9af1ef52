#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

namespace {

constexpr int norm_threads = 128;

/// A warp a row. The mean first, then the deviations from it: a difference of squares would lose the digits.
template <typename T>
FT_KERNEL(norm_threads)
prepare_rows_kernel(const float* x, const int32_t* rows, const float* gain, const float* bias, T* out, int n, int d) {
    const int row = block_x() * (norm_threads / warp_lanes) + warp();
    if (row >= n) return;
    const float* source = x + static_cast<int64_t>(rows != nullptr ? rows[row] : row) * d;
    T* target = out + static_cast<int64_t>(row) * d;
    if (gain == nullptr) {
        for (int i = lane(); i < d; i += warp_lanes) target[i] = from_float<T>(source[i]);
        return;
    }
    float sum = 0;
    for (int i = lane(); i < d; i += warp_lanes) sum += source[i];
    const float mean = warp_sum(sum) / static_cast<float>(d);
    float squares = 0;
    for (int i = lane(); i < d; i += warp_lanes) squares += (source[i] - mean) * (source[i] - mean);
    const float factor = 1.0F / sqrtf(warp_sum(squares) / static_cast<float>(d) + 1e-5F);
    for (int i = lane(); i < d; i += warp_lanes)
        target[i] = from_float<T>((source[i] - mean) * factor * gain[i] + bias[i]);
}

}  // namespace

template <typename T>
void prepare_rows(Device& device, const float* x, const int32_t* rows, const float* gain, const float* bias, T* out,
                  int n, int d) {
    constexpr int rows_a_block = norm_threads / warp_lanes;
    const double values = static_cast<double>(n) * d;
    const KernelWork work{(gain != nullptr ? 8 : 0) * values, (sizeof(float) + sizeof(T)) * values +
                                                                  sizeof(float) * (gain != nullptr ? 2.0 * d : 0.0) +
                                                                  sizeof(int32_t) * (rows != nullptr ? n : 0)};
    device.launch("prepare_rows", prepare_rows_kernel<T>, {(n + rows_a_block - 1) / rows_a_block}, norm_threads, 0,
                  work, x, rows, gain, bias, out, n, d);
}

template void prepare_rows<float>(Device&, const float*, const int32_t*, const float*, const float*, float*, int, int);
template void prepare_rows<f16>(Device&, const float*, const int32_t*, const float*, const float*, f16*, int, int);

}  // namespace ft::FT_GPU
