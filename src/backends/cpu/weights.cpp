#include "backends/cpu/weights.h"

#include <algorithm>
#include <cmath>

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
    Int8Layout(int64_t columns, int64_t depth)
        : n(columns), k(depth), n16(round_up(n, block_columns)), k4(round_up(k, group_depth)) {}
    explicit Int8Layout(const Shape& shape) : Int8Layout(shape[0], inner_size(shape)) {}
    int64_t block_bytes() const { return n16 * k4; }
    int64_t bytes() const { return block_bytes() + n16 * 12; }
    /// Where weight (column, i) stands in the blocks.
    int64_t place(int64_t column, int64_t i) const {
        return column / block_columns * block_columns * k4 + i / group_depth * group_depth * block_columns +
               column % block_columns * group_depth + i % group_depth;
    }
};

/// Symmetric int8 of one row; returns the scale, 1 for a row of zeros.
float quantize_row(const float* row, int64_t k, std::vector<int8_t>& q) {
    float highest = 0.0F;
    for (int64_t i = 0; i < k; ++i) highest = std::max(highest, std::fabs(row[i]));
    const float scale = highest > 0.0F ? highest / 127.0F : 1.0F;
    q.resize(static_cast<size_t>(k));
    for (int64_t i = 0; i < k; ++i) q[i] = static_cast<int8_t>(std::lrintf(row[i] / scale));
    return scale;
}

void pack_int8(const Int8Layout& layout, const float* matrix, const float* bias, std::byte* packed) {
    auto* blocks = reinterpret_cast<int8_t*>(packed);
    auto* scale = reinterpret_cast<float*>(packed + layout.block_bytes());
    auto* sum = reinterpret_cast<int32_t*>(scale + layout.n16);
    auto* packed_bias = reinterpret_cast<float*>(sum + layout.n16);
    std::vector<int8_t> row;
    for (int64_t column = 0; column < layout.n; ++column) {
        scale[column] = quantize_row(matrix + column * layout.k, layout.k, row);
        for (int64_t i = 0; i < layout.k; ++i) {
            blocks[layout.place(column, i)] = row[i];
            sum[column] += row[i];
        }
        packed_bias[column] = bias == nullptr ? 0.0F : bias[column];
    }
}

Int8Weight bind_int8(const Int8Layout& layout, const std::byte* packed) {
    const auto* scale = reinterpret_cast<const float*>(packed + layout.block_bytes());
    return {reinterpret_cast<const int8_t*>(packed),
            scale,
            reinterpret_cast<const int32_t*>(scale + layout.n16),
            scale + 2 * layout.n16,
            layout.n,
            layout.k4};
}

/// [2·d, d] of cross_kv: the blocks of W_kᵀ, their scales (ones) and biases (zeros), W_k's scales, the sums of each
/// head's depth; then W_v and W_k as any weight.
struct CrossLayout {
    int64_t d;
    Int8Layout square;
    explicit CrossLayout(const Shape& shape) : d(shape[1]), square(d, d) {}
    int64_t ones() const { return square.block_bytes(); }
    int64_t zeros() const { return ones() + d * 4; }
    int64_t key_scale() const { return zeros() + d * 4; }
    int64_t sums() const { return key_scale() + d * 4; }
    int64_t values() const { return sums() + d / cross_head_size * d * 4; }
    int64_t key_projection() const { return values() + square.bytes(); }
    int64_t bytes() const { return key_projection() + square.bytes(); }
};

/// The keys' bias has no part in it: it changes all scores of a query by the same.
void pack_cross(const CrossLayout& layout, const float* matrix, const float* bias, std::byte* packed) {
    const int64_t d = layout.d;
    auto* blocks = reinterpret_cast<int8_t*>(packed);
    std::fill_n(reinterpret_cast<float*>(packed + layout.ones()), d, 1.0F);
    auto* key_scale = reinterpret_cast<float*>(packed + layout.key_scale());
    auto* sums = reinterpret_cast<int32_t*>(packed + layout.sums());
    std::vector<int8_t> row;
    for (int64_t c = 0; c < d; ++c) {
        key_scale[c] = quantize_row(matrix + c * d, d, row);
        for (int64_t i = 0; i < d; ++i) {
            blocks[layout.square.place(i, c)] = row[i];
            sums[c / cross_head_size * d + i] += row[i];
        }
    }
    pack_int8(layout.square, matrix + d * d, bias == nullptr ? nullptr : bias + d, packed + layout.values());
    pack_int8(layout.square, matrix, nullptr, packed + layout.key_projection());
}

CrossWeights bind_cross(const CrossLayout& layout, const std::byte* packed) {
    const auto floats = [&](int64_t at) { return reinterpret_cast<const float*>(packed + at); };
    return {{reinterpret_cast<const int8_t*>(packed), floats(layout.ones()),
             reinterpret_cast<const int32_t*>(packed + layout.sums()), floats(layout.zeros()), layout.d, layout.d},
            floats(layout.key_scale()),
            bind_int8(layout.square, packed + layout.values()),
            bind_int8(layout.square, packed + layout.key_projection())};
}

int64_t packed_bytes(WeightKind kind, const Shape& shape, bool is_int8) {
    if (!is_int8) return (shape[0] * inner_size(shape) + shape[0]) * 4;
    return kind == WeightKind::cross_kv ? CrossLayout(shape).bytes() : Int8Layout(shape).bytes();
}

}  // namespace

bool packs_as_int8(WeightKind kind, const Shape& shape, Precision precision) {
    if (precision != Precision::int8) return false;
    if (kind == WeightKind::conv1d) return shape[1] >= 256;
    if (kind == WeightKind::cross_kv) return shape[0] == 2 * shape[1] && shape[1] % cross_head_size == 0;
    return kind == WeightKind::linear || kind == WeightKind::embedding;
}

CpuPacker::CpuPacker(Precision precision)
    : precision_(precision), packing_(precision == Precision::int8 ? "cpu-int8-v3" : "cpu-f32-v1") {
    if (precision != Precision::float32 && precision != Precision::int8) {
        throw Error(ErrorCode::unsupported, "the CPU computes in float32 or int8, not in {}: use --compute_type int8",
                    to_string(precision));
    }
}

std::vector<std::byte> CpuPacker::pack(WeightKind kind, const HostTensor& weight, const HostTensor& bias) const {
    const std::vector<float> matrix = as_matrix(kind, weight);
    const std::vector<float> biases = bias.bytes.empty() ? std::vector<float>() : bias.to_f32();
    if (!biases.empty() && static_cast<int64_t>(biases.size()) != weight.shape[0]) {
        throw Error(ErrorCode::bad_model, "a bias of {} values does not fit a weight of {} rows", biases.size(),
                    weight.shape[0]);
    }
    const bool is_int8 = packs_as_int8(kind, weight.shape, precision_);
    std::vector<std::byte> packed(static_cast<size_t>(packed_bytes(kind, weight.shape, is_int8)));
    const float* added = biases.empty() ? nullptr : biases.data();
    if (is_int8 && kind == WeightKind::cross_kv) {
        pack_cross(CrossLayout(weight.shape), matrix.data(), added, packed.data());
    } else if (is_int8) {
        pack_int8(Int8Layout(weight.shape), matrix.data(), added, packed.data());
    } else {
        auto* values = reinterpret_cast<float*>(packed.data());
        std::ranges::copy(biases, std::ranges::copy(matrix, values).out);
    }
    return packed;
}

WeightPtr bind_weight(WeightKind kind, const Shape& shape, std::span<const std::byte> packed, Precision precision) {
    const bool is_int8 = packs_as_int8(kind, shape, precision);
    const int64_t expected = packed_bytes(kind, shape, is_int8);
    if (static_cast<int64_t>(packed.size()) != expected || reinterpret_cast<uintptr_t>(packed.data()) % 16 != 0) {
        throw Error(ErrorCode::bad_model, "a packed weight has {} bytes where its shape needs {}: pack the model again",
                    packed.size(), expected);
    }
    auto weight = std::make_unique<CpuWeight>();
    weight->kind = kind;
    weight->n = shape[0];
    weight->k = inner_size(shape);
    weight->is_int8 = is_int8;
    if (is_int8 && kind == WeightKind::cross_kv) {
        weight->cross = bind_cross(CrossLayout(shape), packed.data());
    } else if (is_int8) {
        weight->int8 = bind_int8(Int8Layout(shape), packed.data());
    } else {
        weight->values = reinterpret_cast<const float*>(packed.data());
        weight->bias = weight->values + weight->n * weight->k;
    }
    return weight;
}

}  // namespace ft::cpu
