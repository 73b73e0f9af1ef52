#pragma once
// Shapes, element types and tensors: either host bytes as read from a file, or storage that a backend owns.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ft {

enum class DType : uint8_t { f32 = 0, f16 = 1, bf16 = 2, i8 = 3, i32 = 4 };

size_t element_size(DType type);
std::string_view to_string(DType type);

using Shape = std::vector<int64_t>;  // outermost dimension first, row-major

int64_t element_count(const Shape& shape);

float f16_to_f32(uint16_t half);
uint16_t f32_to_f16(float value);
float bf16_to_f32(uint16_t value);

/// A tensor in host memory as it stands in a file: a view, which owns its bytes only where they had to be converted.
struct HostTensor {
    DType dtype = DType::f32;
    Shape shape;
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner = nullptr;  ///< keeps converted bytes alive; null for a view of a mapped file

    /// Converted copy. f32, f16 and bf16 only; Error{bad_model} otherwise.
    std::vector<float> to_f32() const;
};

/// What a backend keeps activations in; only the backend that made it can look inside.
class Storage {
  public:
    virtual ~Storage() = default;
};

/// An activation on a backend: move-only owner of its storage. Contents become readable through Backend::read.
struct Tensor {
    Shape shape;
    std::unique_ptr<Storage> storage;

    int64_t rows() const { return shape.empty() ? 0 : shape[0]; }
    int64_t cols() const { return shape.size() < 2 ? 1 : shape[1]; }
};

}  // namespace ft
