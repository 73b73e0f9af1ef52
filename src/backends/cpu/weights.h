#pragma once
// How weights lie in a packed file for the CPU, and views of them (docs/formats.md, "CPU weights").
#include <span>
#include <vector>

#include "backends/cpu/kernels.h"
#include "tensor/backend.h"

namespace ft::cpu {

/// A view of packed bytes: int8 for products in int8 precision, else f32 (row-major weight, then bias).
class CpuWeight : public Weight {
  public:
    WeightKind kind = WeightKind::linear;
    int64_t n = 0, k = 0;  // a convolution's k is 3·in
    bool is_int8 = false;
    Int8Weight int8;
    const float* values = nullptr;  // [n, k]; a norm's gain
    const float* bias = nullptr;    // [n]
};

inline const CpuWeight& cpu_weight(const Weight& weight) {
    return static_cast<const CpuWeight&>(weight);
}

/// Norms, positions and the first convolution stay in f32: they are small, and the mel input has a wide range.
bool packs_as_int8(WeightKind kind, const Shape& shape, Precision precision);

std::vector<std::byte> pack_weight(WeightKind kind, const HostTensor& weight, const HostTensor& bias,
                                   Precision precision);
/// Throws Error{bad_model} when the bytes do not fit the shape or are not aligned to 16.
WeightPtr bind_weight(WeightKind kind, const Shape& shape, std::span<const std::byte> packed, Precision precision);

}  // namespace ft::cpu
