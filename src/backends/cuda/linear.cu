#include "backends/cuda/linear_epilogue.h"

namespace ft::FT_GPU {

namespace {

constexpr int plain_threads = 256, plain_columns = 64, plain_depth = 16;

/// A tile of `tile_rows`×64 results, a thread `tile_rows`/16×4 of them. Every sum runs over the inputs in order,
/// whatever the tile: a row's result does not depend on the rows beside it.
template <int tile_rows, typename W, typename Out>
FT_KERNEL(plain_threads)
linear_plain_kernel(LinearCall<float, W, Out> call) {
    constexpr int a_pitch = tile_rows + 1, b_pitch = plain_columns + 1, mine = tile_rows / 16;
    float* a = shared_memory<float>();                                       // [plain_depth][a_pitch]
    float* b = shared_memory<float>(sizeof(float) * plain_depth * a_pitch);  // [plain_depth][b_pitch]
    const int first_row = block_y() * tile_rows, first_column = block_x() * plain_columns;
    const int row = thread() / 16, column = thread() % 16;
    float sums[mine][4] = {};
    for (int k = 0; k < call.inputs; k += plain_depth) {
        for (int i = thread(); i < tile_rows * plain_depth; i += plain_threads) {
            const int r = i / plain_depth, depth = i % plain_depth;
            const bool inside = first_row + r < call.n && k + depth < call.inputs;
            a[depth * a_pitch + r] = inside ? call.x[(first_row + r) * call.x_stride + k + depth] : 0.0F;
        }
        for (int i = thread(); i < plain_columns * plain_depth; i += plain_threads) {
            const int c = i / plain_depth, depth = i % plain_depth;
            const bool inside = first_column + c < call.outputs && k + depth < call.inputs;
            b[depth * b_pitch + c] =
                inside ? to_float(call.weight[static_cast<int64_t>(first_column + c) * call.inputs + k + depth]) : 0.0F;
        }
        barrier();
        for (int depth = 0; depth < plain_depth; ++depth) {
            float x[mine], w[4];
            FT_UNROLL
            for (int i = 0; i < mine; ++i) x[i] = a[depth * a_pitch + row + 16 * i];
            FT_UNROLL
            for (int j = 0; j < 4; ++j) w[j] = b[depth * b_pitch + column + 16 * j];
            FT_UNROLL
            for (int i = 0; i < mine; ++i) {
                FT_UNROLL
                for (int j = 0; j < 4; ++j) sums[i][j] += x[i] * w[j];
            }
        }
        barrier();
    }
    for (int i = 0; i < mine; ++i) {
        for (int j = 0; j < 4; ++j)
            write_sum(call, first_row + row + 16 * i, first_column + column + 16 * j, sums[i][j]);
    }
}

template <int tile_rows, typename W, typename Out>
void launch_plain(Device& device, const LinearCall<float, W, Out>& call) {
    constexpr size_t shared = sizeof(float) * plain_depth * (tile_rows + 1 + plain_columns + 1);
    const Device::Grid grid{(call.outputs + plain_columns - 1) / plain_columns, (call.n + tile_rows - 1) / tile_rows};
    device.launch("linear_plain", linear_plain_kernel<tile_rows, W, Out>, grid, plain_threads, shared, call.work(),
                  call);
}

}  // namespace

template <typename W, typename Out>
void linear_plain(Device& device, const LinearCall<float, W, Out>& call) {
    if (call.n <= 16) {
        launch_plain<16>(device, call);
    } else {
        launch_plain<64>(device, call);
    }
}

template void linear_plain<float, float>(Device&, const LinearCall<float, float, float>&);
template void linear_plain<f16, float>(Device&, const LinearCall<float, f16, float>&);
template void linear_plain<f16, f16>(Device&, const LinearCall<float, f16, f16>&);

}  // namespace ft::FT_GPU
