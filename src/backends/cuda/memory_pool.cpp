#include "backends/cuda/memory_pool.h"

#include <algorithm>

namespace ft::FT_GPU {

namespace {

#ifdef FT_CUDA_STANDIN
constexpr bool serves_again = false;
constexpr size_t step = 1;
#else
constexpr bool serves_again = true;
constexpr size_t step = 512;  // sizes that differ by less share blocks
#endif

}  // namespace

MemoryPool::MemoryPool(Driver& driver, size_t budget) : driver_(driver) {
    use_.budget = budget;
}

MemoryPool::~MemoryPool() {
    give_back();
}

void* MemoryPool::take(size_t bytes) {
    const size_t size = (std::max<size_t>(bytes, 1) + step - 1) / step * step;
    void* memory = nullptr;
    const auto unused = unused_.find(size);
    if (serves_again && unused != unused_.end() && !unused->second.empty()) {
        memory = unused->second.back();
        unused->second.pop_back();
        use_.kept -= size;
    } else {
        const size_t taken = use_.in_use + use_.kept;
        if (use_.budget > 0 && (taken > use_.budget || size > use_.budget - taken)) return nullptr;
        memory = driver_.allocate(size);
        if (memory == nullptr) return nullptr;
        sizes_.emplace(memory, size);
    }
    use_.in_use += size;
    use_.highest = std::max(use_.highest, use_.in_use);
    return memory;
}

void MemoryPool::release(void* memory) noexcept {
    const size_t size = sizes_.at(memory);
    use_.in_use -= size;
    use_.kept += size;
    unused_[size].push_back(memory);
}

void MemoryPool::give_back() noexcept {
    for (auto& [size, blocks] : unused_) {
        for (void* memory : blocks) {
            sizes_.erase(memory);
            driver_.free(memory);
        }
    }
    unused_.clear();
    use_.kept = 0;
}

}  // namespace ft::FT_GPU
