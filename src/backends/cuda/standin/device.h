#pragma once
// The primitives of backends/cuda/device.h on the host, for tests: see machine.h for how threads run. A kernel is a
// plain function here.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "backends/cuda/half.h"
#include "backends/cuda/names.h"
#include "backends/cuda/standin/machine.h"

#define FT_KERNEL(threads) void
#define FT_KERNEL_BLOCKS(threads, blocks) void
#define FT_DEVICE inline
#define FT_UNROLL

namespace ft::FT_GPU {

struct alignas(16) [[gnu::may_alias]] Vec16 {
    uint32_t x, y, z, w;
};
struct alignas(8) [[gnu::may_alias]] Vec8 {
    uint32_t x, y;
};
struct alignas(8) [[gnu::may_alias]] Float2 {
    float x, y;
};

inline int thread() {
    return standin::place.thread;
}
inline int block_threads() {
    return standin::place.threads;
}
inline int block_x() {
    return standin::place.block[0];
}
inline int block_y() {
    return standin::place.block[1];
}
inline int block_z() {
    return standin::place.block[2];
}
inline unsigned char* shared_bytes() {
    return standin::place.shared;
}
inline void barrier() {
    standin::barrier();
}
inline void sync_warp() {
    standin::sync_warp();
}
inline float shuffle_xor(float value, int mask) {
    return standin::shuffle_xor(value, mask);
}
inline int shuffle_xor(int value, int mask) {
    return standin::shuffle_xor(value, mask);
}
inline void atomic_min(int* target, int value) {
    *target = std::min(*target, value);
}
inline void atomic_max(int* target, int value) {
    *target = std::max(*target, value);
}
inline uint16_t half_bits(float value) {
    return standin::half_bits(value);
}
inline float float_of_half(uint16_t bits) {
    return standin::half_values[bits];
}
inline float multiply_add(float a, float b, float c) {
    return std::fmaf(a, b, c);
}
inline float add(float a, float b) {
    return a + b;
}
inline int round_to_int(float value) {
    return std::isnan(value) ? 0 : static_cast<int>(std::lrintf(value));
}
inline void halves_of_bytes(uint32_t bytes, uint32_t& first_two, uint32_t& last_two) {
    const auto pair = [&](int at) {
        const auto half = [&](int i) {
            const uint32_t spliced = 0x6400U | (bytes >> (8 * i) & 0xFFU);
            return half_bits(standin::half_values[spliced] - standin::half_values[0x6480]);
        };
        return half(at) | static_cast<uint32_t>(half(at + 1)) << 16;
    };
    first_two = pair(0);
    last_two = pair(2);
}
inline void load_matrices(uint32_t (&r)[4], const void* row) {
    standin::load_matrices(r, row, false);
}
inline void load_matrices_transposed(uint32_t (&r)[4], const void* row) {
    standin::load_matrices(r, row, true);
}
inline void multiply_add(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    standin::multiply_add(d, a, b0, b1);
}
struct Copy {
    void* to;
};
inline Copy copy_async(void* shared, const void* global, bool valid) {
    standin::copy_async(shared, global, valid);
    return {shared};
}
inline void finish_copy(const Copy& copy) {
    standin::finish_copy(copy.to);
}
inline void commit_copies() {
    standin::commit_copies();
}
template <int pending>
inline void wait_for_copies() {
    standin::wait_for_copies(pending);
}

}  // namespace ft::FT_GPU
