#pragma once
// Memory of the device that is kept when it is released: windows and steps come and go in the same sizes. Everything
// runs on one stream, so a block that is released can serve the next who asks at once, and gets the same address from
// step to step. The stand-in keeps nothing: whoever reads what an earlier owner left reads NaN, or beyond a block's
// end.
#include <cstddef>
#include <unordered_map>
#include <vector>

#include "backends/cuda/driver.h"

namespace ft::FT_GPU {

/// Bytes.
struct MemoryUse {
    size_t in_use = 0;
    size_t kept = 0;     ///< released, and still the process's
    size_t highest = 0;  ///< most that was ever in use
    size_t budget = 0;   ///< of both together; 0: all that the device has
};

class MemoryPool {
  public:
    MemoryPool(Driver& driver, size_t budget);
    ~MemoryPool();  ///< gives back what is kept
    MemoryPool(const MemoryPool&) = delete;
    MemoryPool& operator=(const MemoryPool&) = delete;

    /// Null when neither the budget nor the device has room; what is kept may be in the way.
    void* take(size_t bytes);
    void release(void* memory) noexcept;
    /// Gives back to the device what is kept. The device is done with it.
    void give_back() noexcept;

    const MemoryUse& use() const { return use_; }

  private:
    Driver& driver_;
    MemoryUse use_;
    std::unordered_map<void*, size_t> sizes_;                // of all blocks
    std::unordered_map<size_t, std::vector<void*>> unused_;  // by size
};

}  // namespace ft::FT_GPU
