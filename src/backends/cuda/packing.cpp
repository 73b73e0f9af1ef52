#include "backends/cuda/packing.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/cuda/half.h"
#include "base/error.h"

namespace ft::cuda_packing {

namespace {

using FT_GPU::f16, FT_GPU::i8, FT_GPU::i8_largest, FT_GPU::i8_zero;

bool has_bias(WeightKind kind) {
    return kind != WeightKind::embedding && kind != WeightKind::positions;
}

/// [out, in, 3] → [out, 3, in].
std::vector<float> with_frames_outside(const std::vector<float>& values, const Shape& shape) {
    std::vector<float> result(values.size());
    const int64_t in = shape[1];
    for (int64_t row = 0; row < shape[0]; ++row) {
        for (int64_t c = 0; c < in; ++c) {
            for (int64_t k = 0; k < 3; ++k) result[(row * 3 + k) * in + c] = values[(row * in + c) * 3 + k];
        }
    }
    return result;
}

/// Rows as fractions of their largest value, times `top`, in `Value`s that `store` makes.
template <typename Value, typename Store>
void pack_rows(const std::vector<float>& values, const WeightLayout& layout, float top, const Store& store,
               std::byte* out) {
    for (int64_t row = 0; row < layout.rows; ++row) {
        const float* source = values.data() + row * layout.width;
        float largest = 0;
        for (int64_t i = 0; i < layout.width; ++i) largest = std::max(largest, std::abs(source[i]));
        for (int64_t i = 0; i < layout.width; ++i) {
            const Value value = store(largest > 0 ? source[i] / largest * top : 0.0F);
            std::memcpy(out + sizeof(Value) * static_cast<size_t>(row * layout.width + i), &value, sizeof(value));
        }
        const float scale = largest / top;
        std::memcpy(out + layout.scale_at + sizeof(float) * static_cast<size_t>(row), &scale, sizeof(scale));
    }
}

uint8_t byte_of(float value) {
    return static_cast<uint8_t>(std::lrintf(value) + i8_zero);
}

Form form_of(WeightKind kind, int64_t width, Precision precision) {
    if (precision == Precision::float32 || kind == WeightKind::norm || kind == WeightKind::positions)
        return Form::floats;
    return precision == Precision::int8_float16 && kind != WeightKind::conv1d && width % 16 == 0 ? Form::bytes
                                                                                                 : Form::halves;
}

size_t bytes_each(Form form) {
    return form == Form::floats ? sizeof(float) : form == Form::halves ? sizeof(f16) : sizeof(i8);
}

}  // namespace

WeightLayout layout_of(WeightKind kind, const Shape& shape, Precision precision) {
    const size_t rank = kind == WeightKind::norm ? 1 : kind == WeightKind::conv1d ? 3 : 2;
    if (shape.size() != rank)
        throw Error(ErrorCode::bad_model, "a {} weight has {} dimensions where {} belong", to_string(kind),
                    shape.size(), rank);
    int64_t count = 1;
    for (const int64_t size : shape) {
        if (size <= 0 || size > (int64_t{1} << 40) / count)
            throw Error(ErrorCode::bad_model, "a {} weight has an impossible dimension: {}", to_string(kind), size);
        count *= size;
    }
    if (kind == WeightKind::conv1d && shape[2] != 3)
        throw Error(ErrorCode::bad_model, "a convolution is {} wide where Whisper's are 3", shape[2]);
    WeightLayout layout;
    layout.rows = shape[0];
    layout.width = count / shape[0];
    layout.form = form_of(kind, layout.width, precision);
    const size_t floats_of_rows = sizeof(float) * static_cast<size_t>(layout.rows);
    const size_t values = static_cast<size_t>(count) * bytes_each(layout.form);
    const bool scaled = layout.form != Form::floats;
    layout.scale_at = scaled ? (values + 15) / 16 * 16 : values;
    layout.bias_at = layout.scale_at + (scaled ? floats_of_rows : 0);
    layout.bytes = layout.bias_at + (has_bias(kind) ? floats_of_rows : 0);
    return layout;
}

GpuPacker::GpuPacker(Precision precision) : precision_(precision) {
    switch (precision) {
        case Precision::float32:
            packing_ = "cuda-f32-v1";
            return;
        case Precision::float16:
            packing_ = "cuda-f16-v1";
            return;
        case Precision::int8_float16:
            packing_ = "cuda-i8-v1";
            return;
        case Precision::int8:
            break;
    }
    throw Error(ErrorCode::unsupported,
                "the GPU computes in float16, int8_float16 or float32, not in {}: use --compute_type float16",
                to_string(precision));
}

std::vector<std::byte> GpuPacker::pack(WeightKind kind, const HostTensor& weight, const HostTensor& bias) const {
    const WeightLayout layout = layout_of(kind, weight.shape, precision_);
    std::vector<float> values = weight.to_f32();
    if (kind == WeightKind::conv1d) values = with_frames_outside(values, weight.shape);
    std::vector<std::byte> packed(layout.bytes);
    if (layout.form == Form::bytes) {
        pack_rows<uint8_t>(values, layout, i8_largest, byte_of, packed.data());
    } else if (layout.form == Form::halves) {
        pack_rows<uint16_t>(values, layout, 1.0F, f32_to_f16, packed.data());
    } else {
        std::memcpy(packed.data(), values.data(), values.size() * sizeof(float));
    }
    if (!bias.bytes.empty()) {
        if (!has_bias(kind) || bias.shape != Shape{weight.shape[0]})
            throw Error(ErrorCode::bad_model, "a {} weight has a bias that does not fit", to_string(kind));
        const std::vector<float> added = bias.to_f32();
        std::memcpy(packed.data() + layout.bias_at, added.data(), added.size() * sizeof(float));
    }
    return packed;
}

}  // namespace ft::cuda_packing
