#include "backends/cuda/linear_epilogue.h"

namespace ft::FT_GPU {

namespace {

template <typename Out>
using HalfCall = LinearCall<f16, f16, Out>;

// ── few rows: the weights are read once, straight into fragments
// ────────────────────────────────────────────────────────
constexpr int few_threads = 256, few_warps = few_threads / warp_lanes, few_columns = 16, few_depth = 32;

/// Eight halves of a row, or zeros beyond the end.
FT_DEVICE Vec16 load_part(const f16* row, int k, int inputs, bool inside) {
    return inside && k < inputs ? *reinterpret_cast<const Vec16*>(row + k) : Vec16{0, 0, 0, 0};
}

/// The warps share out the inputs, 32 at a time; lane i holds inputs 8·(i%4)…+7 of row i/4. Which of them a product
/// takes for its k is all the same, as long as both factors agree: so 16 bytes a lane are two products' fragments. A
/// row's sums have an order of their own, whatever the number of rows.
template <int row_tiles, typename Out>
FT_KERNEL(few_threads)
linear_few_rows_kernel(HalfCall<Out> call) {
    constexpr int rows = 16 * row_tiles;
    float* parts = shared_memory<float>();  // [few_warps][rows][few_columns]
    const int first_row = block_y() * rows, first_column = block_x() * few_columns;
    const int line = lane() / 4, share = lane() % 4 * 8;
    float sums[row_tiles][2][4] = {};
    for (int k = warp() * few_depth; k < call.inputs; k += few_warps * few_depth) {
        Vec16 w[2];
        FT_UNROLL
        for (int j = 0; j < 2; ++j) {
            const int column = first_column + 8 * j + line;
            w[j] = load_part(call.weight + static_cast<int64_t>(column) * call.inputs, k + share, call.inputs,
                             column < call.outputs);
        }
        FT_UNROLL
        for (int i = 0; i < row_tiles; ++i) {
            const int row = first_row + 16 * i + line;
            const Vec16 upper = load_part(call.x + row * call.x_stride, k + share, call.inputs, row < call.n);
            const Vec16 lower = load_part(call.x + (row + 8) * call.x_stride, k + share, call.inputs, row + 8 < call.n);
            const uint32_t a[2][4] = {{upper.x, lower.x, upper.y, lower.y}, {upper.z, lower.z, upper.w, lower.w}};
            FT_UNROLL
            for (int j = 0; j < 2; ++j) {
                multiply_add(sums[i][j], a[0], w[j].x, w[j].y);
                multiply_add(sums[i][j], a[1], w[j].z, w[j].w);
            }
        }
    }
    FT_UNROLL
    for (int i = 0; i < row_tiles; ++i) {
        FT_UNROLL
        for (int j = 0; j < 2; ++j) {
            FT_UNROLL
            for (int e = 0; e < 4; ++e) {
                const int row = 16 * i + line + e / 2 * 8, column = 8 * j + lane() % 4 * 2 + e % 2;
                parts[(warp() * rows + row) * few_columns + column] = sums[i][j][e];
            }
        }
    }
    barrier();
    for (int i = thread(); i < rows * few_columns; i += few_threads) {
        float sum = 0;
        for (int w = 0; w < few_warps; ++w) sum += parts[w * rows * few_columns + i];
        write_sum(call, first_row + i / few_columns, first_column + i % few_columns, sum);
    }
}

template <int row_tiles, typename Out>
void launch_few(Device& device, const HalfCall<Out>& call) {
    constexpr int rows = 16 * row_tiles;
    const Device::Grid grid{(call.outputs + few_columns - 1) / few_columns, (call.n + rows - 1) / rows};
    device.launch("linear_few_rows", linear_few_rows_kernel<row_tiles, Out>, grid, few_threads,
                  sizeof(float) * few_warps * rows * few_columns, call.work(), call);
}

// ── many rows: tiles of 128×128 in shared memory, two at a time
// ─────────────────────────────────────────────────────────
constexpr int many_threads = 256, tile = 128, depth = 32;
constexpr int pitch = depth + 8;  // halves: the rows of a matrix lie in different banks
constexpr int stage_halves = 2 * tile * pitch;

/// This thread's quarter rows of both factors: 2 × 2 × 16 bytes.
template <typename Out>
FT_DEVICE void fetch_stage(const HalfCall<Out>& call, f16* stage, int first_row, int first_column, int k) {
    FT_UNROLL
    for (int i = 0; i < 2; ++i) {
        const int part = thread() + many_threads * i, line = part / 4, at = part % 4 * 8;
        const bool within = k + at < call.inputs;
        const int row = first_row + line, column = first_column + line;
        const bool has_row = within && row < call.n, has_column = within && column < call.outputs;
        copy_async(stage + line * pitch + at, has_row ? call.x + row * call.x_stride + k + at : call.x, has_row);
        copy_async(stage + (tile + line) * pitch + at,
                   has_column ? call.weight + static_cast<int64_t>(column) * call.inputs + k + at : call.weight,
                   has_column);
    }
    commit_copies();
}

/// A warp's 64×32 results of one stage.
FT_DEVICE void multiply_stage(const f16* stage, int warp_row, int warp_column, float (&sums)[4][4][4]) {
    FT_UNROLL
    for (int k = 0; k < depth; k += 16) {
        uint32_t a[4][4], b[2][4];
        FT_UNROLL
        for (int i = 0; i < 4; ++i)
            load_matrices(a[i], stage + (warp_row + 16 * i + lane() % 16) * pitch + k + lane() / 16 * 8);
        FT_UNROLL
        for (int j = 0; j < 2; ++j)
            load_matrices(b[j], stage + (tile + warp_column + 16 * j + lane() % 8 + lane() / 16 * 8) * pitch + k +
                                    lane() / 8 % 2 * 8);
        FT_UNROLL
        for (int i = 0; i < 4; ++i) {
            FT_UNROLL
            for (int j = 0; j < 4; ++j) multiply_add(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
        }
    }
}

template <typename Out>
FT_KERNEL(many_threads)
linear_many_rows_kernel(HalfCall<Out> call) {
    f16* stages = shared_memory<f16>();
    const int first_row = block_y() * tile, first_column = block_x() * tile;
    const int warp_row = warp() / 4 * 64, warp_column = warp() % 4 * 32;
    float sums[4][4][4] = {};
    const int count = (call.inputs + depth - 1) / depth;
    fetch_stage(call, stages, first_row, first_column, 0);
    for (int step = 0; step < count; ++step) {
        wait_for_copies<0>();
        barrier();
        if (step + 1 < count)
            fetch_stage(call, stages + (step + 1) % 2 * stage_halves, first_row, first_column, (step + 1) * depth);
        multiply_stage(stages + step % 2 * stage_halves, warp_row, warp_column, sums);
    }
    FT_UNROLL
    for (int i = 0; i < 4; ++i) {
        FT_UNROLL
        for (int j = 0; j < 4; ++j) {
            FT_UNROLL
            for (int e = 0; e < 4; ++e) {
                write_sum(call, first_row + warp_row + 16 * i + lane() / 4 + e / 2 * 8,
                          first_column + warp_column + 8 * j + lane() % 4 * 2 + e % 2, sums[i][j][e]);
            }
        }
    }
}

/// Batches of the decoder are smaller, a window is larger: so a decoder's row has the same bits in any batch.
constexpr int most_few_rows = 1024;

}  // namespace

template <typename Out>
void linear_mma(Device& device, const HalfCall<Out>& call) {
    if (call.n > most_few_rows) {
        const Device::Grid grid{(call.outputs + tile - 1) / tile, (call.n + tile - 1) / tile};
        device.launch("linear_many_rows", linear_many_rows_kernel<Out>, grid, many_threads,
                      2 * stage_halves * sizeof(f16), call.work(), call);
    } else if (call.n <= 16) {
        launch_few<1>(device, call);
    } else if (call.n <= 32) {
        launch_few<2>(device, call);
    } else {
        launch_few<4>(device, call);
    }
}

template void linear_mma<float>(Device&, const HalfCall<float>&);
template void linear_mma<f16>(Device&, const HalfCall<f16>&);

}  // namespace ft::FT_GPU
