#pragma once
#include <cstdint>

#include "backends/cuda/names.h"

namespace ft::FT_GPU {

/// A half as it lies in memory; arithmetic is in float32.
struct f16 {
    uint16_t bits;
};

}  // namespace ft::FT_GPU
