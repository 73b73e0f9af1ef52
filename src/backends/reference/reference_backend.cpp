#include "backends/reference/reference_backend.h"

#include <algorithm>

#include "backends/reference/reference_types.h"

namespace ft {

namespace {

void check_precision(Precision precision) {
    if (precision != Precision::float32) {
        throw Error(ErrorCode::unsupported,
                    "the reference backend computes in float32 only: ask for float32 instead of {}",
                    to_string(precision));
    }
}

}  // namespace

std::unique_ptr<WeightPacker> make_reference_packer(Precision precision) {
    check_precision(precision);
    return std::make_unique<reference::ReferencePacker>();
}

std::unique_ptr<Backend> make_reference_backend(const BackendOptions& options) {
    check_precision(options.precision);
    if (!options.instruction_set.empty() && options.instruction_set != "scalar") {
        throw Error(ErrorCode::unsupported,
                    "the reference backend knows no instruction set but 'scalar': '{}' was asked for",
                    options.instruction_set);
    }
    return std::make_unique<reference::ReferenceBackend>();
}

}  // namespace ft

namespace ft::reference {

namespace {

const FloatStorage& storage_of(const Tensor& tensor) {
    const auto* storage = dynamic_cast<const FloatStorage*>(tensor.storage.get());
    check(storage != nullptr, "a tensor is empty or belongs to another backend");
    check(storage->values.size() == static_cast<size_t>(element_count(tensor.shape)), "a tensor's shape was changed");
    return *storage;
}

}  // namespace

std::span<const float> values_of(const Tensor& tensor) {
    return storage_of(tensor).values;
}

std::span<const float> row_of(const Tensor& tensor, int64_t i) {
    check(tensor.shape.size() == 2 && i >= 0 && i < tensor.rows(), "no such row in the tensor");
    const auto width = static_cast<size_t>(tensor.cols());
    return values_of(tensor).subspan(static_cast<size_t>(i) * width, width);
}

std::span<float> values_to_write(Tensor& tensor, const Shape& shape) {
    check(tensor.shape == shape, "the output has not the shape of the result");
    return const_cast<FloatStorage&>(storage_of(tensor)).values;
}

Tensor ReferenceBackend::empty(Shape shape) {
    check(std::all_of(shape.begin(), shape.end(), [](int64_t size) { return size >= 0; }), "a tensor of negative size");
    auto storage = std::make_unique<FloatStorage>();
    storage->values.resize(static_cast<size_t>(element_count(shape)));
    return {std::move(shape), std::move(storage)};
}

Tensor ReferenceBackend::upload(Shape shape, std::span<const float> values) {
    Tensor tensor = empty(std::move(shape));
    const std::span<float> target = values_to_write(tensor, tensor.shape);
    check(target.size() == values.size(), "the values do not fill the shape");
    std::copy(values.begin(), values.end(), target.begin());
    return tensor;
}

std::vector<float> ReferenceBackend::read(const Tensor& tensor) {
    return storage_of(tensor).values;
}

}  // namespace ft::reference
