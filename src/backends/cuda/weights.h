#pragma once
// Weights as they lie in the packed file and on the device: values row by row, then scales, then biases.
//   halves (linear, conv1d, cross_kv, embedding): f16 [rows, width], to a multiple of 16 bytes; float32 scale [rows];
//   float32 bias [rows] (not of an embedding). A row is divided by its largest value, which is its scale: rows of any
//   size keep eleven bits, and a row of one value is exact.
//   bytes (in int8_float16: linear, cross_kv, embedding, whose width is a multiple of 16; else halves): i8 [rows,
//   width], to a multiple of 16 bytes; scale and bias as of halves. A row's scale is its largest value divided by 127,
//   so that its values are the integers −127 to 127, each stored as 128 more.
//   floats (everything else): float32 [rows, width]; float32 bias [rows] (not of an embedding or positions).
// A convolution's row is [3, in], as three neighbouring frames lie in memory.
#include "backends/cuda/half.h"
#include "backends/cuda/runtime.h"
#include "base/error.h"
#include "tensor/backend.h"

namespace ft::FT_GPU {

/// Error{internal} when an invariant of the seam is broken.
inline void check(bool holds, const char* what) {
    if (!holds) throw Error(ErrorCode::internal, "cuda backend: {}", what);
}

enum class Form : uint8_t { floats, halves, bytes };

struct WeightLayout {
    Form form = Form::floats;
    int64_t rows = 0, width = 0;
    size_t scale_at = 0, bias_at = 0, bytes = 0;  // scale_at = bias_at: no scales; bias_at = bytes: no biases
};
/// Throws Error{bad_model} for a shape that is no such weight's.
WeightLayout layout_of(WeightKind kind, const Shape& shape, Precision precision);
/// Identity of all layouts of a precision.
const char* packing_of(Precision precision);

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
std::vector<std::byte> pack_weight(WeightKind kind, const HostTensor& weight, const HostTensor& bias,
                                   Precision precision);
WeightPtr bind_weight(Device& device, WeightKind kind, const Shape& shape, std::span<const std::byte> packed,
                      Precision precision);

}  // namespace ft::FT_GPU
