#pragma once
// How long to wait before another try: pure functions; chance is an argument.
#include <algorithm>
#include <cstdint>

namespace ft {

/// min(longest, first · 2^(failures − 1)), `failures` in a row so far, from 1 on.
inline int64_t doubled_wait_ms(int failures, int64_t first_ms, int64_t longest_ms) {
    return std::min(longest_ms, first_ms << std::clamp(failures - 1, 0, 20));
}

/// Full jitter: evenly from [0, doubled_wait_ms); `chance` from [0, 1) says where.
inline int64_t jittered_wait_ms(int failures, int64_t first_ms, int64_t longest_ms, double chance) {
    const auto bound = static_cast<double>(doubled_wait_ms(failures, first_ms, longest_ms));
    return static_cast<int64_t>(std::clamp(chance, 0.0, 1.0) * bound);
}

}  // namespace ft
