#include "tensor/tensor.h"

#include <bit>
#include <cstring>

#include "base/error.h"
#include "tensor/backend.h"

namespace ft {

size_t element_size(DType type) {
    switch (type) {
        case DType::f32:
        case DType::i32:
            return 4;
        case DType::f16:
        case DType::bf16:
            return 2;
        case DType::i8:
            return 1;
    }
    return 0;
}

std::string_view to_string(DType type) {
    constexpr std::string_view names[] = {"f32", "f16", "bf16", "i8", "i32"};
    return names[static_cast<size_t>(type)];
}

std::string_view to_string(WeightKind kind) {
    switch (kind) {
        case WeightKind::linear:
            return "linear";
        case WeightKind::conv1d:
            return "conv1d";
        case WeightKind::norm:
            return "norm";
        case WeightKind::embedding:
            return "embedding";
        case WeightKind::positions:
            return "positions";
        case WeightKind::cross_kv:
            return "cross_kv";
    }
    return "?";
}

std::string_view to_string(Precision precision) {
    constexpr std::string_view names[] = {"float32", "int8", "float16", "int8_float16"};
    return names[static_cast<size_t>(precision)];
}

int64_t element_count(const Shape& shape) {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    return count;
}

float f16_to_f32(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
    const uint32_t exponent = (half >> 10) & 0x1FU;
    const uint32_t mantissa = half & 0x3FFU;
    if (exponent == 0) {  // zero and subnormals: mantissa · 2⁻²⁴
        const float value = static_cast<float>(mantissa) * 0x1p-24F;
        return sign != 0 ? -value : value;
    }
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13));
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

uint16_t f32_to_f16(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000U);
    const uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U) return sign | 0x7E00U;   // NaN
    if (magnitude >= 0x477FF000U) return sign | 0x7C00U;  // rounds to infinity
    if (magnitude < 0x38800000U) {                        // subnormal: let the FPU round at 2⁻²⁴
        const float scaled = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(scaled) - 0x3F000000U));
    }
    const uint32_t rounded = magnitude + 0xFFFU + ((magnitude >> 13) & 1U);
    return static_cast<uint16_t>(sign | ((rounded - 0x38000000U) >> 13));
}

float bf16_to_f32(uint16_t value) {
    return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

std::vector<float> HostTensor::to_f32() const {
    const auto count = static_cast<size_t>(element_count(shape));
    if (bytes.size() != count * element_size(dtype))
        throw Error(ErrorCode::bad_model, "a tensor's bytes do not fit its shape");
    std::vector<float> values(count);
    if (count == 0) return values;
    if (dtype == DType::f32) {
        std::memcpy(values.data(), bytes.data(), bytes.size());
    } else if (dtype == DType::f16 || dtype == DType::bf16) {
        for (size_t i = 0; i < count; ++i) {
            uint16_t raw = 0;
            std::memcpy(&raw, bytes.data() + 2 * i, 2);
            values[i] = dtype == DType::f16 ? f16_to_f32(raw) : bf16_to_f32(raw);
        }
    } else {
        throw Error(ErrorCode::bad_model, "a tensor of type {} cannot be read as numbers", to_string(dtype));
    }
    return values;
}

}  // namespace ft
