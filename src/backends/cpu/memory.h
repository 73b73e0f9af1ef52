#pragma once
// Memory aligned to cache lines, and the storage of CPU tensors.
#include <cstdlib>
#include <memory>
#include <new>

#include "base/error.h"
#include "tensor/tensor.h"

namespace ft::cpu {

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};
template <typename T>
using AlignedArray = std::unique_ptr<T[], Free>;

/// Uninitialized. Throws Error{out_of_memory}.
template <typename T>
AlignedArray<T> allocate(int64_t count) {
    const size_t bytes = (static_cast<size_t>(count) * sizeof(T) + 127) / 64 * 64;
    void* memory = std::aligned_alloc(64, bytes);
    if (memory == nullptr) throw Error(ErrorCode::out_of_memory, "no memory for {} MB", bytes >> 20);
    return AlignedArray<T>(static_cast<T*>(memory));
}

/// An array that keeps its memory between uses and only ever grows.
template <typename T>
class Scratch {
  public:
    T* get(int64_t count) {
        if (count > size_) {
            data_.reset();
            data_ = allocate<T>(count);
            size_ = count;
        }
        return data_.get();
    }

  private:
    AlignedArray<T> data_;
    int64_t size_ = 0;
};

struct FloatStorage : Storage {
    AlignedArray<float> values;
};

inline float* data(Tensor& tensor) {
    return static_cast<FloatStorage&>(*tensor.storage).values.get();
}
inline const float* data(const Tensor& tensor) {
    return static_cast<const FloatStorage&>(*tensor.storage).values.get();
}

}  // namespace ft::cpu
