#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

namespace {

constexpr int trace_threads = 128, reach = 3;

/// Row by row to a sum of 1.
FT_KERNEL(trace_threads)
scale_rows(AlignmentCall call) {
    const int64_t item = block_x(), head = block_y();
    const float* row = call.probabilities + (call.heads[head] * call.items + call.begin + item) * call.t;
    float* out = call.scratch + (head * call.size + item) * call.frames;
    float sum = 0;
    for (int i = thread(); i < call.frames; i += trace_threads) sum += row[i];
    sum = block_sum(sum, shared_memory<float>());
    for (int i = thread(); i < call.frames; i += trace_threads) out[i] = sum > 0 ? row[i] / sum : 0.0F;
}

/// At each frame to mean 0 and deviation 1 over the tokens.
FT_KERNEL(trace_threads)
standardize(AlignmentCall call) {
    const int frame = block_x() * trace_threads + thread();
    if (frame >= call.frames) return;
    float* column = call.scratch + static_cast<int64_t>(block_y()) * call.size * call.frames + frame;
    const auto at = [&](int item) -> float& { return column[static_cast<int64_t>(item) * call.frames]; };
    float sum = 0, squares = 0;
    for (int item = 0; item < call.size; ++item) sum += at(item);
    const float mean = sum / static_cast<float>(call.size);
    for (int item = 0; item < call.size; ++item) squares += (at(item) - mean) * (at(item) - mean);
    const float deviation = sqrtf(squares / static_cast<float>(call.size));
    for (int item = 0; item < call.size; ++item) at(item) = deviation > 0 ? (at(item) - mean) / deviation : 0.0F;
}

FT_DEVICE float median_of_7(float (&v)[2 * reach + 1]) {
    FT_UNROLL
    for (int i = 0; i <= reach; ++i) {
        FT_UNROLL
        for (int j = 2 * reach; j > i; --j) {
            const float low = fminf(v[j - 1], v[j]);
            v[j] = fmaxf(v[j - 1], v[j]);
            v[j - 1] = low;
        }
    }
    return v[reach];
}

/// Median over the neighbouring frames, mean over the heads.
FT_KERNEL(trace_threads)
smooth_and_average(AlignmentCall call) {
    const int frame = block_x() * trace_threads + thread();
    if (frame >= call.frames) return;
    const int64_t item = block_y();
    float sum = 0;
    for (int head = 0; head < call.head_count; ++head) {
        const float* row = call.scratch + (static_cast<int64_t>(head) * call.size + item) * call.frames;
        if (call.frames <= reach) {
            sum += row[frame];
            continue;
        }
        float near[2 * reach + 1];
        FT_UNROLL
        for (int i = 0; i < 2 * reach + 1; ++i) {
            const int j = frame + i - reach;
            near[i] = row[j < 0 ? -j : j >= call.frames ? 2 * (call.frames - 1) - j : j];
        }
        sum += median_of_7(near);
    }
    call.matrix[item * call.frames + frame] = sum / static_cast<float>(call.head_count);
}

}  // namespace

void alignment_matrix(Device& device, const AlignmentCall& call) {
    const double results = static_cast<double>(call.size) * call.frames, values = call.head_count * results;
    const int across = (call.frames + trace_threads - 1) / trace_threads;
    device.launch("scale_rows", scale_rows, {call.size, call.head_count}, trace_threads,
                  sizeof(float) * trace_threads / warp_lanes,
                  {2 * values, 2 * sizeof(float) * values + sizeof(int32_t) * call.head_count}, call);
    device.launch("standardize", standardize, {across, call.head_count}, trace_threads, 0,
                  {6 * values, 2 * sizeof(float) * values}, call);
    device.launch("smooth_and_average", smooth_and_average, {across, call.size}, trace_threads, 0,
                  {values, sizeof(float) * (values + results)}, call);
}

}  // namespace ft::FT_GPU
