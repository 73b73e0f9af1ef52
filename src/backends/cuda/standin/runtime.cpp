// The runtime of the stand-in: memory of exact size, filled with NaN; work is done when it is asked for.
#include "backends/cuda/runtime.h"

#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace ft::FT_GPU {

Device::Device(int index) {
    constexpr int capabilities[] = {75, 80};
    if (index < 0 || index > 1)
        throw Error(ErrorCode::unsupported, "the stand-in has two devices, a Turing (0) and an Ampere (1), and no {}",
                    index);
    chip_ = {"host stand-in", capabilities[index], 0, 0, int64_t{1} << 34};
}

Device::~Device() = default;

void* Device::allocate(size_t bytes) {
    void* memory = std::malloc(bytes);
    if (memory == nullptr) throw Error(ErrorCode::out_of_memory, "no room for {} bytes", bytes);
    std::memset(memory, 0xFF, bytes);
    return memory;
}

void Device::release(void* memory) noexcept {
    std::free(memory);
}

void Device::upload(void* to, const void* from, size_t bytes) {
    if (bytes > 0) std::memcpy(to, from, bytes);
}

void Device::copy(void* to, const void* from, size_t bytes) {
    if (bytes > 0) std::memcpy(to, from, bytes);
}

void Device::clear(void* to, size_t bytes) {
    std::memset(to, 0, bytes);
}

void Device::read(void* to, const void* from, size_t bytes) {
    if (bytes > 0) std::memcpy(to, from, bytes);
}

void Device::synchronize() {}

}  // namespace ft::FT_GPU
