#include "backends/cuda/linear_epilogue.h"
#include "tensor/backend.h"

namespace ft::FT_GPU {

namespace {

template <typename W, typename Out>
using HalfCall = LinearCall<f16, W, Out>;

// Which inputs a product takes for its k is all the same, as long as both factors agree. So factors are read as they
// lie, 16 bytes a lane, and become fragments in the order of reading: neither ldmatrix nor another order in memory is
// needed, for halves and for bytes.

/// 16 bytes of a row, or zeros beyond the end.
template <typename V>
FT_DEVICE Vec16 load_part(const V* row, int k, int inputs, bool inside) {
    return inside && k < inputs ? *reinterpret_cast<const Vec16*>(row + k) : Vec16{0, 0, 0, 0};
}

/// The right factors of two products of halves, or of four of bytes.
FT_DEVICE void fragments_of(const Vec16& words, uint32_t (&b)[2][2]) {
    b[0][0] = words.x, b[0][1] = words.y;
    b[1][0] = words.z, b[1][1] = words.w;
}
FT_DEVICE void fragments_of(const Vec16& words, uint32_t (&b)[4][2]) {
    halves_of_bytes(words.x, b[0][0], b[0][1]);
    halves_of_bytes(words.y, b[1][0], b[1][1]);
    halves_of_bytes(words.z, b[2][0], b[2][1]);
    halves_of_bytes(words.w, b[3][0], b[3][1]);
}

// ── few rows: the weights are read once, straight into fragments
// ────────────────────────────────────────────────────────
constexpr int few_threads = 256, few_warps = few_threads / warp_lanes, few_columns = 16;

/// The warps share out the inputs; a lane has 16 bytes of weights of row lane/4 at a time, and the inputs that belong
/// to them. A row's sums have an order of their own, whatever the number of rows.
template <int row_tiles, typename W, typename Out>
FT_KERNEL_BLOCKS(few_threads, row_tiles == 4 ? 2 : 3)
linear_few_rows_kernel(HalfCall<W, Out> call) {
    constexpr int rows = 16 * row_tiles, mine = 16 / sizeof(W), products = mine / 4, depth = 4 * mine;
    float* parts = shared_memory<float>();  // [few_warps][rows][few_columns]
    const int first_row = block_y() * rows, first_column = block_x() * few_columns;
    const int line = lane() / 4, share = lane() % 4 * mine;
    float sums[row_tiles][2][4] = {};
    for (int k = warp() * depth; k < call.inputs; k += few_warps * depth) {
        uint32_t b[2][products][2];
        FT_UNROLL
        for (int j = 0; j < 2; ++j) {
            const int column = first_column + 8 * j + line;
            fragments_of(load_part(call.weight + static_cast<int64_t>(column) * call.inputs, k + share, call.inputs,
                                   column < call.outputs),
                         b[j]);
        }
        FT_UNROLL
        for (int i = 0; i < row_tiles; ++i) {
            const int row = first_row + 16 * i + line;
            FT_UNROLL
            for (int p = 0; p < products; p += 2) {
                const int at = k + share + 4 * p;
                const Vec16 upper = load_part(call.x + row * call.x_stride, at, call.inputs, row < call.n);
                const Vec16 lower = load_part(call.x + (row + 8) * call.x_stride, at, call.inputs, row + 8 < call.n);
                const uint32_t a[2][4] = {{upper.x, lower.x, upper.y, lower.y}, {upper.z, lower.z, upper.w, lower.w}};
                FT_UNROLL
                for (int j = 0; j < 2; ++j) {
                    multiply_add(sums[i][j], a[0], b[j][p][0], b[j][p][1]);
                    multiply_add(sums[i][j], a[1], b[j][p + 1][0], b[j][p + 1][1]);
                }
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

template <int row_tiles, typename W, typename Out>
void launch_few(Device& device, const HalfCall<W, Out>& call) {
    constexpr int rows = 16 * row_tiles;
    const Device::Grid grid{(call.outputs + few_columns - 1) / few_columns, (call.n + rows - 1) / rows};
    device.launch("linear_few_rows", linear_few_rows_kernel<row_tiles, W, Out>, grid, few_threads,
                  sizeof(float) * few_warps * rows * few_columns, call.work(), call);
}

// ── many rows: tiles of 128×128, a ring of stages of 32 inputs in shared memory
// ─────────────────────────────────────────
constexpr int many_threads = 256, tile = 128, depth = 32;

/// 32 inputs of the tile's rows and of its columns, without gaps: what a warp reads at once lies in all banks.
template <typename W>
struct Stage {
    f16 x[tile][depth];
    W weight[tile][depth];
};
/// As many as need no leave to use more shared memory; Turing keeps two, for two blocks on a multiprocessor.
template <typename W>
constexpr int most_stages = 48 * 1024 / sizeof(Stage<W>);
constexpr int turing_stages = 2;

/// This thread's share of a stage that is on its way.
template <typename W>
struct Fetch {
    static constexpr int of_x = tile * depth * 2 / 16 / many_threads;
    static constexpr int of_weight = static_cast<int>(tile * depth * sizeof(W) / 16 / many_threads);
    Copy copies[of_x + of_weight];
};

template <int count, typename V>
FT_DEVICE void fetch_lines(V (*to)[depth], const V* from, int64_t stride, int first, int end, int k, int inputs,
                           Copy* copies) {
    constexpr int at_once = 16 / sizeof(V), parts = depth / at_once;
    FT_UNROLL
    for (int i = 0; i < count; ++i) {
        const int part = thread() + many_threads * i, line = part / parts, at = part % parts * at_once;
        const bool inside = first + line < end && k + at < inputs;
        copies[i] = copy_async(&to[line][at], inside ? from + (first + line) * stride + k + at : from, inside);
    }
}

template <typename W, typename Out>
FT_DEVICE Fetch<W> fetch_stage(const HalfCall<W, Out>& call, Stage<W>& stage, int first_row, int first_column, int k) {
    Fetch<W> fetch;
    fetch_lines<Fetch<W>::of_x>(stage.x, call.x, call.x_stride, first_row, call.n, k, call.inputs, fetch.copies);
    fetch_lines<Fetch<W>::of_weight>(stage.weight, call.weight, call.inputs, first_column, call.outputs, k, call.inputs,
                                     fetch.copies + Fetch<W>::of_x);
    return fetch;
}
template <typename W>
FT_DEVICE void finish(const Fetch<W>& fetch) {
    FT_UNROLL
    for (const Copy& copy : fetch.copies) finish_copy(copy);
}

/// A lane's eight inputs of a column: two products.
FT_DEVICE void load_fragments(const f16* line, uint32_t (&b)[2][2]) {
    fragments_of(*reinterpret_cast<const Vec16*>(line), b);
}
FT_DEVICE void load_fragments(const i8* line, uint32_t (&b)[2][2]) {
    const Vec8 words = *reinterpret_cast<const Vec8*>(line);
    halves_of_bytes(words.x, b[0][0], b[0][1]);
    halves_of_bytes(words.y, b[1][0], b[1][1]);
}

/// A warp's 64×32 results of one stage.
template <typename W>
FT_DEVICE void multiply_stage(const Stage<W>& stage, int warp_row, int warp_column, float (&sums)[4][4][4]) {
    const int line = lane() / 4, share = lane() % 4 * 8;
    uint32_t b[4][2][2];
    FT_UNROLL
    for (int j = 0; j < 4; ++j) load_fragments(&stage.weight[warp_column + 8 * j + line][share], b[j]);
    FT_UNROLL
    for (int i = 0; i < 4; ++i) {
        const auto row = [&](int r) { return *reinterpret_cast<const Vec16*>(&stage.x[warp_row + 16 * i + r][share]); };
        const Vec16 upper = row(line), lower = row(line + 8);
        const uint32_t a[2][4] = {{upper.x, lower.x, upper.y, lower.y}, {upper.z, lower.z, upper.w, lower.w}};
        FT_UNROLL
        for (int p = 0; p < 2; ++p) {
            FT_UNROLL
            for (int j = 0; j < 4; ++j) multiply_add(sums[i][j], a[p], b[j][p][0], b[j][p][1]);
        }
    }
}

template <int stages, typename W, typename Out>
FT_KERNEL_BLOCKS(many_threads, 2)
linear_many_rows_kernel(HalfCall<W, Out> call) {
    auto* ring = shared_memory<Stage<W>>();
    const int first_row = block_y() * tile, first_column = block_x() * tile;
    const int warp_row = warp() / 4 * 64, warp_column = warp() % 4 * 32;
    float sums[4][4][4] = {};
    // Beyond the inputs come zeros, so that every step has its group of copies.
    FT_UNROLL
    for (int ahead = 0; ahead + 1 < stages; ++ahead) {
        const Fetch<W> fetch = fetch_stage(call, ring[ahead], first_row, first_column, ahead * depth);
        commit_copies();
        finish(fetch);
    }
    int current = 0, free = stages - 1;
    for (int k = 0; k < call.inputs; k += depth) {
        wait_for_copies<stages - 2>();
        barrier();
        const Fetch<W> fetch = fetch_stage(call, ring[free], first_row, first_column, k + (stages - 1) * depth);
        commit_copies();
        multiply_stage(ring[current], warp_row, warp_column, sums);
        finish(fetch);
        free = current;
        current = current + 1 < stages ? current + 1 : 0;
    }
    wait_for_copies<0>();  // of the zeros behind the end: nothing is under way when the block ends
    FT_UNROLL
    for (int j = 0; j < 4; ++j) {
        const ColumnPair<HalfCall<W, Out>> columns(call, first_column + warp_column + 8 * j + lane() % 4 * 2);
        FT_UNROLL
        for (int i = 0; i < 4; ++i) {
            const int row = first_row + warp_row + 16 * i + lane() / 4;
            columns.write(row, sums[i][j][0], sums[i][j][1]);
            columns.write(row + 8, sums[i][j][2], sums[i][j][3]);
        }
    }
}

template <int stages, typename W, typename Out>
void launch_many(Device& device, const HalfCall<W, Out>& call) {
    const Device::Grid grid{(call.outputs + tile - 1) / tile, (call.n + tile - 1) / tile};
    device.launch("linear_many_rows", linear_many_rows_kernel<stages, W, Out>, grid, many_threads,
                  stages * sizeof(Stage<W>), call.work(), call);
}

/// The decoder's steps are no larger, an encoder's window is: so a decoder's row has the same bits in any batch.
constexpr int most_few_rows = static_cast<int>(most_rows_of_a_step);

}  // namespace

template <typename W, typename Out>
void linear_mma(Device& device, const HalfCall<W, Out>& call) {
    if (call.n > most_few_rows) {
        if (device.chip().compute_capability >= 80) {
            launch_many<most_stages<W>>(device, call);
        } else {
            launch_many<turing_stages>(device, call);
        }
    } else if (call.n <= 16) {
        launch_few<1>(device, call);
    } else if (call.n <= 32) {
        launch_few<2>(device, call);
    } else {
        launch_few<4>(device, call);
    }
}

template void linear_mma<f16, float>(Device&, const HalfCall<f16, float>&);
template void linear_mma<f16, f16>(Device&, const HalfCall<f16, f16>&);
template void linear_mma<i8, float>(Device&, const HalfCall<i8, float>&);
template void linear_mma<i8, f16>(Device&, const HalfCall<i8, f16>&);

}  // namespace ft::FT_GPU
