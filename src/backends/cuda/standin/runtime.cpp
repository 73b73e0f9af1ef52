// The runtime of the stand-in: memory of exact size, filled with NaN; work is done when it is asked for.
#include "backends/cuda/runtime.h"

#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace ft::FT_GPU {

Device::Device(int index) {
    if (index != 0) throw Error(ErrorCode::unsupported, "the stand-in has one device, number 0, and no {}", index);
    chip_ = {"host stand-in", 75, 0, 0, int64_t{1} << 34};
}

Device::~Device() = default;

void* Device::allocate(size_t bytes) {
    void* memory = std::malloc(bytes);
    if (memory == nullptr) throw Error(ErrorCode::out_of_memory, "no room for {} bytes", bytes);
    if (run_) std::memset(memory, 0xFF, bytes);
    return memory;
}

void Device::release(void* memory) noexcept {
    std::free(memory);
}

void Device::upload(void* to, const void* from, size_t bytes) {
    if (bytes > 0 && run_) std::memcpy(to, from, bytes);
}

void Device::copy(void* to, const void* from, size_t bytes) {
    if (bytes > 0 && run_) std::memcpy(to, from, bytes);
}

void Device::clear(void* to, size_t bytes) {
    if (run_) std::memset(to, 0, bytes);
}

void Device::read(void* to, const void* from, size_t bytes) {
    if (!run_) {
        std::memset(to, 0, bytes);
    } else if (bytes > 0) {
        std::memcpy(to, from, bytes);
    }
}

void Device::synchronize() {}

}  // namespace ft::FT_GPU
