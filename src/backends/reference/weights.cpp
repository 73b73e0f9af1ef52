// Packing: float32, row-major, then the biases.
#include <cstring>

#include "backends/reference/reference_types.h"

namespace ft::reference {

namespace {

bool has_bias(WeightKind kind) {
    return kind != WeightKind::embedding && kind != WeightKind::positions;
}

void check_shape(WeightKind kind, const Shape& shape) {
    const std::string_view name = to_string(kind);
    const size_t rank = kind == WeightKind::norm ? 1 : kind == WeightKind::conv1d ? 3 : 2;
    if (shape.size() != rank) {
        throw Error(ErrorCode::bad_model, "a {} weight has {} dimensions where {} belong", name, shape.size(), rank);
    }
    int64_t count = 1;
    for (const int64_t size : shape) {
        if (size <= 0 || size > (int64_t{1} << 40) / count) {
            throw Error(ErrorCode::bad_model, "a {} weight has an impossible dimension: {}", name, size);
        }
        count *= size;
    }
    if (kind == WeightKind::conv1d && shape[2] != 3) {
        throw Error(ErrorCode::bad_model, "a convolution is {} wide where Whisper's are 3", shape[2]);
    }
}

}  // namespace

const FloatWeight& as_float(const Weight& weight, WeightKind kind) {
    const auto* ours = dynamic_cast<const FloatWeight*>(&weight);
    check(ours != nullptr, "a weight belongs to another backend");
    check(ours->kind == kind, "a weight of the wrong kind");
    return *ours;
}

std::vector<std::byte> ReferencePacker::pack(WeightKind kind, const HostTensor& weight, const HostTensor& bias) const {
    check_shape(kind, weight.shape);
    std::vector<float> values = weight.to_f32();
    if (!bias.bytes.empty()) {
        if (!has_bias(kind) || bias.shape != Shape{weight.shape[0]}) {
            throw Error(ErrorCode::bad_model, "a {} weight has a bias that does not fit", to_string(kind));
        }
        const std::vector<float> added = bias.to_f32();
        values.insert(values.end(), added.begin(), added.end());
    } else if (has_bias(kind)) {
        values.resize(values.size() + static_cast<size_t>(weight.shape[0]), 0.0F);
    }
    const auto bytes = std::as_bytes(std::span(values));
    return {bytes.begin(), bytes.end()};
}

WeightPtr ReferenceBackend::bind(WeightKind kind, const Shape& shape, std::span<const std::byte> packed) {
    check_shape(kind, shape);
    const auto count = static_cast<size_t>(element_count(shape));
    const size_t biases = has_bias(kind) ? static_cast<size_t>(shape[0]) : 0;
    if (packed.size() != (count + biases) * sizeof(float)) {
        throw Error(ErrorCode::bad_model, "a packed {} weight has {} bytes where {} belong: pack the model again",
                    to_string(kind), packed.size(), (count + biases) * sizeof(float));
    }
    auto weight = std::make_unique<FloatWeight>();
    weight->kind = kind;
    weight->shape = shape;
    weight->values.resize(count);
    weight->bias.resize(biases);
    std::memcpy(weight->values.data(), packed.data(), count * sizeof(float));
    if (biases > 0) std::memcpy(weight->bias.data(), packed.data() + count * sizeof(float), biases * sizeof(float));
    return weight;
}

}  // namespace ft::reference
