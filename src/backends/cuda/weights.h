#pragma once
// Weights on the device, as packing.h lays them out.
#include "backends/cuda/half.h"
#include "backends/cuda/packing.h"
#include "backends/cuda/runtime.h"
#include "base/error.h"
#include "tensor/backend.h"

namespace ft::FT_GPU {

/// Error{internal} when an invariant of the seam is broken.
inline void check(bool holds, const char* what) {
    if (!holds) throw Error(ErrorCode::internal, "cuda backend: {}", what);
}

using cuda_packing::Form, cuda_packing::WeightLayout;

struct GpuWeight final : Weight {
    WeightKind kind = WeightKind::linear;
    Shape shape;
    WeightLayout layout;
    DeviceMemory memory;

    template <typename T>
    const T* values() const {
        return memory.as<T>();
    }
    const float* scale() const {
        return layout.scale_at < layout.bias_at ? memory.as<float>(layout.scale_at) : nullptr;
    }
    const float* bias() const { return layout.bias_at < layout.bytes ? memory.as<float>(layout.bias_at) : nullptr; }
};

const GpuWeight& as_gpu(const Weight& weight, WeightKind kind);
WeightPtr bind_weight(Device& device, WeightKind kind, const Shape& shape, std::span<const std::byte> packed,
                      Precision precision);

}  // namespace ft::FT_GPU
