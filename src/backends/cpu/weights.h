#pragma once
// How weights lie in a packed file for the CPU, and views of them (docs/formats.md, "CPU weights").
#include <span>
#include <vector>

#include "backends/cpu/kernels.h"
#include "tensor/backend.h"

namespace ft::cpu {

constexpr int64_t cross_head_size = 64;  ///< of every Whisper; int8 keys are packed by it

/// The int8 form of a cross_kv weight, for both forms of a window's cache: see cross_attention.h.
struct CrossWeights {
    Int8Weight keys;                   ///< W_kᵀ [d, d]: a column of n is an input of W_k, all heads' depths in a row
    const float* key_scale = nullptr;  // [d], of W_k's rows
    Int8Weight values;                 ///< W_v [d, d] with its bias
    Int8Weight key_projection;         ///< W_k [d, d]; its bias changes all scores of a query by the same

    /// [d, 64]: what turns a head's query into one over the encoder's output.
    Int8Weight keys_of(int64_t head) const {
        Int8Weight part = keys;
        part.blocks += head * cross_head_size * block_columns;
        part.column_sum += head * round_up(keys.n, block_columns);
        part.k = cross_head_size;
        part.pitch = keys.block_bytes();
        return part;
    }
};

/// A view of packed bytes: int8 for products in int8 precision, else f32 (row-major weight, then bias).
class CpuWeight : public Weight {
  public:
    WeightKind kind = WeightKind::linear;
    int64_t n = 0, k = 0;  // a convolution's k is 3·in
    bool is_int8 = false;
    Int8Weight int8;
    CrossWeights cross;             // of an int8 cross_kv, in place of `int8`
    const float* values = nullptr;  // [n, k]; a norm's gain
    const float* bias = nullptr;    // [n]
};

inline const CpuWeight& cpu_weight(const Weight& weight) {
    return static_cast<const CpuWeight&>(weight);
}

/// Norms, positions and the first convolution stay in f32: they are small, and the mel input has a wide range.
bool packs_as_int8(WeightKind kind, const Shape& shape, Precision precision);

class CpuPacker final : public WeightPacker {
  public:
    /// Throws Error{unsupported} for a precision other than float32 and int8.
    explicit CpuPacker(Precision precision);
    const std::string& packing() const override { return packing_; }
    std::vector<std::byte> pack(WeightKind kind, const HostTensor& weight, const HostTensor& bias) const override;

  private:
    Precision precision_;
    std::string packing_;
};

/// Throws Error{bad_model} when the bytes do not fit the shape or are not aligned to 16.
WeightPtr bind_weight(WeightKind kind, const Shape& shape, std::span<const std::byte> packed, Precision precision);

}  // namespace ft::cpu
