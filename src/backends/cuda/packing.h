#pragma once
// Weights for the GPU as they lie in the packed file and on the device: values row by row, then scales, then biases.
//   halves (linear, conv1d, cross_kv, embedding): f16 [rows, width], to a multiple of 16 bytes; float32 scale [rows];
//   float32 bias [rows] (not of an embedding). A row is divided by its largest value, which is its scale: rows of any
//   size keep eleven bits, and a row of one value is exact.
//   bytes (in int8_float16: linear, cross_kv, embedding, whose width is a multiple of 16; else halves): i8 [rows,
//   width], to a multiple of 16 bytes; scale and bias as of halves. A row's scale is its largest value divided by 127,
//   so that its values are the integers −127 to 127, each stored as 128 more.
//   floats (everything else): float32 [rows, width]; float32 bias [rows] (not of an embedding or positions).
// A convolution's row is [3, in], as three neighbouring frames lie in memory.
//
// A library of its own without anything of CUDA, part of every build: what is packed where no GPU is uploads as it
// lies.
#include <memory>

#include "tensor/backend.h"

namespace ft::cuda_packing {

enum class Form : uint8_t { floats, halves, bytes };

struct WeightLayout {
    Form form = Form::floats;
    int64_t rows = 0, width = 0;
    size_t scale_at = 0, bias_at = 0, bytes = 0;  // scale_at = bias_at: no scales; bias_at = bytes: no biases
};
/// Throws Error{bad_model} for a shape that is no such weight's.
WeightLayout layout_of(WeightKind kind, const Shape& shape, Precision precision);

class GpuPacker final : public WeightPacker {
  public:
    /// Throws Error{unsupported} for a precision other than float16, int8_float16 and float32.
    explicit GpuPacker(Precision precision);
    const std::string& packing() const override { return packing_; }
    std::vector<std::byte> pack(WeightKind kind, const HostTensor& weight, const HostTensor& bias) const override;

  private:
    Precision precision_;
    std::string packing_;
};

}  // namespace ft::cuda_packing
