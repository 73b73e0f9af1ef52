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
    sum = multiply_add(sum, call.scale != nullptr ? call.scale[column] : 1.0F,
                       call.bias != nullptr ? call.bias[column] : 0.0F);
    if (call.gelu) sum = gelu(sum);
    const int64_t at = static_cast<int64_t>(row) * call.outputs + column;
    if (call.residual != nullptr) sum = add(sum, call.residual[at]);
    call.out[at] = from_float<Out>(sum);
}

FT_DEVICE void write_two(float* to, float first, float second) {
    *reinterpret_cast<Float2*>(to) = Float2{first, second};
}
FT_DEVICE void write_two(f16* to, float first, float second) {
    *reinterpret_cast<uint32_t*>(to) = pack_halves(first, second);
}

/// Two neighbouring columns, the first of an even number, for as many rows as there are: what belongs to the columns is
/// read once, and the results go out together where that fits their alignment.
template <typename Call>
struct ColumnPair {
    const Call& call;
    int column;
    bool together;
    float scale[2] = {1, 1}, bias[2] = {0, 0};

    FT_DEVICE ColumnPair(const Call& of, int first)
        : call(of), column(first), together(of.outputs % 2 == 0 && first < of.outputs) {
        if (!together) return;
        FT_UNROLL
        for (int i = 0; i < 2; ++i) {
            if (call.scale != nullptr) scale[i] = call.scale[column + i];
            if (call.bias != nullptr) bias[i] = call.bias[column + i];
        }
    }
    FT_DEVICE void write(int row, float first, float second) const {
        if (!together) {
            write_sum(call, row, column, first);
            write_sum(call, row, column + 1, second);
            return;
        }
        if (row >= call.n) return;
        first = multiply_add(first, scale[0], bias[0]);
        second = multiply_add(second, scale[1], bias[1]);
        if (call.gelu) {
            first = gelu(first);
            second = gelu(second);
        }
        const int64_t at = static_cast<int64_t>(row) * call.outputs + column;
        if (call.residual != nullptr) {
            const Float2 more = *reinterpret_cast<const Float2*>(call.residual + at);
            first = add(first, more.x);
            second = add(second, more.y);
        }
        write_two(call.out + at, first, second);
    }
};

}  // namespace ft::FT_GPU
