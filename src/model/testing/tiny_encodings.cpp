// Plain numbers → the encodings of checkpoints, written independently of the readers.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {

namespace {

void append(std::string& out, const void* data, size_t size) {
    out.append(static_cast<const char*>(data), size);
}

void append_half(std::string& out, float value) {
    const uint16_t half = f32_to_f16(value);
    append(out, &half, 2);
}

uint16_t rounded_bf16(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

/// One block of 32 in ggml's layouts with nibbles: `levels` values, with or without a minimum.
void append_nibbles(std::string& out, const float* in, int levels, bool with_minimum) {
    const auto [lowest, highest] = std::minmax_element(in, in + 32);
    const float widest = std::max(std::abs(*lowest), std::abs(*highest));
    const int centre = with_minimum ? 0 : levels / 2;
    const float exact = with_minimum ? (*highest - *lowest) / static_cast<float>(levels - 1)
                                     : widest / static_cast<float>(levels / 2 - 1);
    const float scale = f16_to_f32(f32_to_f16(exact)), minimum = with_minimum ? f16_to_f32(f32_to_f16(*lowest)) : 0.0F;
    append_half(out, scale);
    if (with_minimum) append_half(out, minimum);
    uint32_t high = 0;
    unsigned char nibbles[16] = {};
    for (unsigned i = 0; i < 32; ++i) {
        const float level = scale == 0.0F ? 0.0F : std::round((in[i] - minimum) / scale);
        const int value = std::clamp(static_cast<int>(level) + centre, 0, levels - 1);
        nibbles[i % 16] |= static_cast<unsigned char>((value & 15) << (i < 16 ? 0 : 4));
        high |= static_cast<uint32_t>(value >> 4) << i;
    }
    if (levels == 32) append(out, &high, 4);
    append(out, nibbles, 16);
}

void append_q8(std::string& out, const float* in) {
    float widest = 0.0F;
    for (int i = 0; i < 32; ++i) widest = std::max(widest, std::abs(in[i]));
    const float scale = f16_to_f32(f32_to_f16(widest / 127.0F));
    append_half(out, scale);
    for (int i = 0; i < 32; ++i) {
        out += static_cast<char>(
            static_cast<int8_t>(scale == 0.0F ? 0.0F : std::clamp(std::round(in[i] / scale), -127.0F, 127.0F)));
    }
}

void append_rows(EncodedTensor& out, const std::vector<float>& values, size_t row) {
    for (size_t at = 0; at < values.size(); at += row) {
        float widest = 0.0F;
        for (size_t i = at; i < at + row; ++i) widest = std::max(widest, std::abs(values[i]));
        const float scale = 127.0F / (widest == 0.0F ? 127.0F : widest);
        out.scales.push_back(scale);
        for (size_t i = at; i < at + row; ++i)
            out.bytes += static_cast<char>(static_cast<int8_t>(std::rint(values[i] * scale)));
    }
}

}  // namespace

EncodedTensor encode_tensor(const std::vector<float>& values, Encoding encoding, size_t row) {
    EncodedTensor out;
    switch (encoding) {
        case Encoding::f32:
            append(out.bytes, values.data(), 4 * values.size());
            return out;
        case Encoding::f16:
            for (const float value : values) append_half(out.bytes, value);
            return out;
        case Encoding::bf16:
            for (const float value : values) {
                const uint16_t raw = rounded_bf16(value);
                append(out.bytes, &raw, 2);
            }
            return out;
        case Encoding::i8_rows:
            append_rows(out, values, row);
            return out;
        default:
            break;
    }
    if (values.size() % 32 != 0) throw Error(ErrorCode::internal, "blocks need multiples of 32 numbers");
    for (size_t at = 0; at < values.size(); at += 32) {
        const float* in = values.data() + at;
        switch (encoding) {
            case Encoding::q4_0:
                append_nibbles(out.bytes, in, 16, false);
                break;
            case Encoding::q4_1:
                append_nibbles(out.bytes, in, 16, true);
                break;
            case Encoding::q5_0:
                append_nibbles(out.bytes, in, 32, false);
                break;
            case Encoding::q5_1:
                append_nibbles(out.bytes, in, 32, true);
                break;
            default:
                append_q8(out.bytes, in);
                break;
        }
    }
    return out;
}

}  // namespace ft
