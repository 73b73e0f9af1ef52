#include "backends/cuda/weights.h"

namespace ft::FT_GPU {

const GpuWeight& as_gpu(const Weight& weight, WeightKind kind) {
    const auto* ours = dynamic_cast<const GpuWeight*>(&weight);
    check(ours != nullptr, "a weight belongs to another backend");
    check(ours->kind == kind, "a weight of the wrong kind");
    return *ours;
}

WeightPtr bind_weight(Device& device, WeightKind kind, const Shape& shape, std::span<const std::byte> packed,
                      Precision precision) {
    auto weight = std::make_unique<GpuWeight>();
    weight->layout = cuda_packing::layout_of(kind, shape, precision);
    if (packed.size() != weight->layout.bytes)
        throw Error(ErrorCode::bad_model, "a packed {} weight has {} bytes where {} belong: pack the model again",
                    to_string(kind), packed.size(), weight->layout.bytes);
    weight->kind = kind;
    weight->shape = shape;
    weight->memory = DeviceMemory(device, packed.size());
    device.upload(weight->memory.as<std::byte>(), packed.data(), packed.size());
    return weight;
}

}  // namespace ft::FT_GPU
