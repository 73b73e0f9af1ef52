#pragma once
// What becomes of a sum before it is written.
#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

FT_DEVICE float gelu(float x) {
    return 0.5F * x * (1.0F + erff(x * 0.70710678F));
}

template <typename X, typename W, typename Out>
FT_DEVICE void write_sum(const LinearCall<X, W, Out>& call, int row, int column, float sum) {
    if (row >= call.n || column >= call.outputs) return;
    if (call.scale != nullptr) sum *= call.scale[column];
    if (call.bias != nullptr) sum += call.bias[column];
    if (call.gelu) sum = gelu(sum);
    const int64_t at = static_cast<int64_t>(row) * call.outputs + column;
    if (call.residual != nullptr) sum += call.residual[at];
    call.out[at] = from_float<Out>(sum);
}

}  // namespace ft::FT_GPU
