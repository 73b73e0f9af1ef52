// Numbers as checkpoints store them → plain tensors.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "model/checkpoint.h"

namespace ft {

namespace {

constexpr size_t block = 32;  // numbers in one of ggml's blocks

struct BlockLayout {
    size_t bytes;        // of one block
    bool has_minimum;    // a second f16 is added to every number
    bool has_fifth_bit;  // 32 high bits precede the nibbles
};

BlockLayout layout_of(Encoding encoding) {
    switch (encoding) {
        case Encoding::q4_0:
            return {2 + 16, false, false};
        case Encoding::q4_1:
            return {4 + 16, true, false};
        case Encoding::q5_0:
            return {2 + 4 + 16, false, true};
        case Encoding::q5_1:
            return {4 + 4 + 16, true, true};
        case Encoding::q8_0:
            return {2 + 32, false, false};
        default:
            return {0, false, false};
    }
}

float read_f16(const std::byte* at) {
    uint16_t raw = 0;
    std::memcpy(&raw, at, 2);
    return f16_to_f32(raw);
}

void decode_q8(const std::byte* in, float* out) {
    const float scale = read_f16(in);
    for (size_t i = 0; i < block; ++i) out[i] = scale * static_cast<float>(static_cast<int8_t>(in[2 + i]));
}

/// Four- and five-bit blocks: byte i holds number i in its low half and number i + 16 in its high half.
void decode_nibbles(const BlockLayout& layout, const std::byte* in, float* out) {
    const float scale = read_f16(in);
    const float minimum = layout.has_minimum ? read_f16(in + 2) : 0.0F;
    const std::byte* at = in + (layout.has_minimum ? 4 : 2);
    uint32_t high = 0;
    if (layout.has_fifth_bit) {
        std::memcpy(&high, at, 4);
        at += 4;
    }
    // Without a minimum the numbers are centred on zero.
    const int centre = layout.has_minimum ? 0 : (layout.has_fifth_bit ? 16 : 8);
    for (size_t i = 0; i < block; ++i) {
        const unsigned pair = std::to_integer<unsigned>(at[i % 16]);
        const unsigned nibble = i < 16 ? pair & 0xFU : pair >> 4;
        const unsigned value = nibble | ((high >> i) & 1U) << 4;
        out[i] = scale * static_cast<float>(static_cast<int>(value) - centre) + minimum;
    }
}

void decode_blocks(const StoredTensor& tensor, std::vector<float>& values) {
    const BlockLayout layout = layout_of(tensor.encoding);
    const std::byte* in = tensor.bytes.data();
    for (size_t at = 0; at < values.size(); at += block, in += layout.bytes) {
        if (tensor.encoding == Encoding::q8_0) {
            decode_q8(in, values.data() + at);
        } else {
            decode_nibbles(layout, in, values.data() + at);
        }
    }
}

void decode_rows(const StoredTensor& tensor, std::vector<float>& values) {
    std::vector<float> scales(tensor.scales.size() / sizeof(float));
    std::memcpy(scales.data(), tensor.scales.data(), scales.size() * sizeof(float));
    const size_t rows = tensor.shape.empty() ? 1 : static_cast<size_t>(tensor.shape[0]);
    if (scales.size() != 1 && scales.size() != rows) {
        throw Error(ErrorCode::bad_model, "a quantized tensor of {} rows has {} scales", rows, scales.size());
    }
    const size_t width = rows == 0 ? 0 : values.size() / rows;
    for (size_t i = 0; i < values.size(); ++i) {
        const float scale = scales[scales.size() == 1 ? 0 : i / width];
        values[i] = static_cast<float>(static_cast<int8_t>(tensor.bytes[i])) / scale;
    }
}

}  // namespace

size_t stored_size(Encoding encoding, const Shape& shape) {
    const auto count = static_cast<size_t>(element_count(shape));
    switch (encoding) {
        case Encoding::f32:
            return 4 * count;
        case Encoding::f16:
        case Encoding::bf16:
            return 2 * count;
        case Encoding::i8_rows:
            return count;
        default:
            break;
    }
    // A block never spans two rows.
    if (shape.empty() || shape.back() % static_cast<int64_t>(block) != 0) return 0;
    return count / block * layout_of(encoding).bytes;
}

HostTensor decode_tensor(const StoredTensor& tensor) {
    if (tensor.bytes.size() != stored_size(tensor.encoding, tensor.shape)) {
        throw Error(ErrorCode::bad_model, "a tensor's bytes do not fit its shape");
    }
    switch (tensor.encoding) {
        case Encoding::f32:
            return {DType::f32, tensor.shape, tensor.bytes};
        case Encoding::f16:
            return {DType::f16, tensor.shape, tensor.bytes};
        case Encoding::bf16:
            return {DType::bf16, tensor.shape, tensor.bytes};
        default:
            break;
    }
    auto values = std::make_shared<std::vector<float>>(static_cast<size_t>(element_count(tensor.shape)));
    if (tensor.encoding == Encoding::i8_rows) {
        decode_rows(tensor, *values);
    } else {
        decode_blocks(tensor, *values);
    }
    const std::span<const float> view = *values;
    return {DType::f32, tensor.shape, std::as_bytes(view), std::move(values)};
}

}  // namespace ft
