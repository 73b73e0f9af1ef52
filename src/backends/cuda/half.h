#pragma once
#include <cstdint>

#include "backends/cuda/names.h"

namespace ft::FT_GPU {

/// A half as it lies in memory; arithmetic is in float32.
struct f16 {
    uint16_t bits;
};

/// An eight-bit integer, −127 to 127, as it lies in memory: 128 more, so that it is spliced into a half at once
/// (halves_of_bytes). What it is worth is said by a scale beside it.
struct i8 {
    uint8_t bits;
};
constexpr int i8_zero = 128, i8_largest = 127;

}  // namespace ft::FT_GPU
