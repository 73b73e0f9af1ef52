#include "random_layer.h"

#include <random>

namespace ft::bench {

std::vector<float> normals(int64_t count, float deviation) {
    std::mt19937 random(static_cast<unsigned>(count));
    std::normal_distribution<float> normal(0.0F, deviation);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = normal(random);
    return values;
}

RandomLayer::RandomLayer(Backend& backend, WeightKind kind, int64_t outputs, int64_t inputs) : n(outputs), k(inputs) {
    const std::vector<float> values = normals(n * k, 0.05F);
    packed = backend.packer().pack(kind, {DType::f32, {n, k}, std::as_bytes(std::span(values))}, {});
    weight = backend.bind(kind, {n, k}, packed);
}

}  // namespace ft::bench
