#include "backends/cpu/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace ft::cpu {

namespace {

/// A convolution's [out, in, 3] becomes [out, 3·in], so that its input row is three neighbouring frames as they lie.
std::vector<float> as_matrix(WeightKind kind, const HostTensor& weight) {
    std::vector<float> values = weight.to_f32();
    if (kind != WeightKind::conv1d) return values;
    const int64_t out = weight.shape[0], in = weight.shape[1], width = weight.shape[2];
    std::vector<float> matrix(values.size());
    for (int64_t o = 0; o < out; ++o) {
        for (int64_t i = 0; i < in; ++i) {
            for (int64_t w = 0; w < width; ++w) matrix[(o * width + w) * in + i] = values[(o * in + i) * width + w];
        }
    }
    return matrix;
}

int64_t inner_size(const Shape& shape) {
    return shape[0] == 0 ? 0 : element_count(shape) / shape[0];
}

struct Int8Layout {
    int64_t n, k, n16, k4;
    explicit Int8Layout(const Shape& shape)
        : n(shape[0]), k(inner_size(shape)), n16(round_up(n, block_columns)), k4(round_up(k, group_depth)) {}
    int64_t block_bytes() const { return n16 * k4; }
    int64_t bytes() const { return block_bytes() + n16 * 12; }
};

std::vector<std::byte> pack_int8(const Int8Layout& layout, const std::vector<float>& matrix,
                                 const std::vector<float>& bias) {
    std::vector<std::byte> packed(static_cast<size_t>(layout.bytes()));
    auto* blocks = reinterpret_cast<int8_t*>(packed.data());
    auto* scale = reinterpret_cast<float*>(packed.data() + layout.block_bytes());
    auto* sum = reinterpret_cast<int32_t*>(scale + layout.n16);
    auto* packed_bias = reinterpret_cast<float*>(sum + layout.n16);
    for (int64_t column = 0; column < layout.n; ++column) {
        const float* row = matrix.data() + column * layout.k;
        float highest = 0.0F;
        for (int64_t i = 0; i < layout.k; ++i) highest = std::max(highest, std::fabs(row[i]));
        scale[column] = highest > 0.0F ? highest / 127.0F : 1.0F;
        int8_t* out =
            blocks + column / block_columns * block_columns * layout.k4 + column % block_columns * group_depth;
        for (int64_t i = 0; i < layout.k; ++i) {
            const auto value = static_cast<int8_t>(std::lrintf(row[i] / scale[column]));
            out[i / group_depth * group_depth * block_columns + i % group_depth] = value;
            sum[column] += value;
        }
        packed_bias[column] = bias.empty() ? 0.0F : bias[static_cast<size_t>(column)];
    }
    return packed;
}

}  // namespace

bool packs_as_int8(WeightKind kind, const Shape& shape, Precision precision) {
    if (precision != Precision::int8) return false;
    if (kind == WeightKind::conv1d) return shape[1] >= 256;
    return kind == WeightKind::linear || kind == WeightKind::embedding;
}

std::vector<std::byte> pack_weight(WeightKind kind, const HostTensor& weight, const HostTensor& bias,
                                   Precision precision) {
    const std::vector<float> matrix = as_matrix(kind, weight);
    const std::vector<float> biases = bias.bytes.empty() ? std::vector<float>() : bias.to_f32();
    if (!biases.empty() && static_cast<int64_t>(biases.size()) != weight.shape[0]) {
        throw Error(ErrorCode::bad_model, "a bias of {} values does not fit a weight of {} rows", biases.size(),
                    weight.shape[0]);
    }
    if (packs_as_int8(kind, weight.shape, precision)) return pack_int8(Int8Layout(weight.shape), matrix, biases);
    std::vector<std::byte> packed((matrix.size() + static_cast<size_t>(weight.shape[0])) * sizeof(float));
    std::memcpy(packed.data(), matrix.data(), matrix.size() * sizeof(float));
    if (!biases.empty())
        std::memcpy(packed.data() + matrix.size() * sizeof(float), biases.data(), biases.size() * sizeof(float));
    return packed;
}

WeightPtr bind_weight(WeightKind kind, const Shape& shape, std::span<const std::byte> packed, Precision precision) {
    const bool is_int8 = packs_as_int8(kind, shape, precision);
    const Int8Layout layout(shape);
    const int64_t expected = is_int8 ? layout.bytes() : (layout.n * layout.k + layout.n) * 4;
    if (static_cast<int64_t>(packed.size()) != expected || reinterpret_cast<uintptr_t>(packed.data()) % 16 != 0) {
        throw Error(ErrorCode::bad_model, "a packed weight has {} bytes where its shape needs {}: pack the model again",
                    packed.size(), expected);
    }
    auto weight = std::make_unique<CpuWeight>();
    weight->kind = kind;
    weight->n = layout.n;
    weight->k = layout.k;
    weight->is_int8 = is_int8;
    if (is_int8) {
        const auto* scale = reinterpret_cast<const float*>(packed.data() + layout.block_bytes());
        weight->int8 = {reinterpret_cast<const int8_t*>(packed.data()),
                        scale,
                        reinterpret_cast<const int32_t*>(scale + layout.n16),
                        scale + 2 * layout.n16,
                        layout.n,
                        layout.k4};
    } else {
        weight->values = reinterpret_cast<const float*>(packed.data());
        weight->bias = weight->values + layout.n * layout.k;
    }
    return weight;
}

}  // namespace ft::cpu
