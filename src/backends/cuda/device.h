#pragma once
// Everything that kernels use of the device, so that they compile for the GPU and against the host stand-in
// (standin/device.h, which has the same functions). Blocks are one-dimensional, warps have 32 lanes. Every lane of a
// warp takes part in shuffles, products and sync_warp; every thread of a block in barrier. Shared memory is always
// sized at the launch.
#include <cstdint>

#include "backends/cuda/half.h"
#include "backends/cuda/names.h"

#ifdef FT_CUDA_STANDIN
#include "backends/cuda/standin/device.h"
#else
#include <cuda_fp16.h>

#define FT_KERNEL(threads) __global__ void __launch_bounds__(threads)
/// With registers for so many blocks on a multiprocessor.
#define FT_KERNEL_BLOCKS(threads, blocks) __global__ void __launch_bounds__(threads, blocks)
#define FT_DEVICE __device__ __forceinline__
#define FT_UNROLL _Pragma("unroll")

namespace ft::FT_GPU {

using Vec16 = uint4;    ///< 16 bytes that are read and written at once; aligned to 16
using Vec8 = uint2;     ///< 8 bytes; aligned to 8
using Float2 = float2;  ///< two neighbours; aligned to 8

FT_DEVICE int thread() {
    return static_cast<int>(threadIdx.x);
}
FT_DEVICE int block_threads() {
    return static_cast<int>(blockDim.x);
}
FT_DEVICE int block_x() {
    return static_cast<int>(blockIdx.x);
}
FT_DEVICE int block_y() {
    return static_cast<int>(blockIdx.y);
}
FT_DEVICE int block_z() {
    return static_cast<int>(blockIdx.z);
}
FT_DEVICE unsigned char* shared_bytes() {
    extern __shared__ Vec16 memory[];
    return reinterpret_cast<unsigned char*>(memory);
}
FT_DEVICE void barrier() {
    __syncthreads();
}
FT_DEVICE void sync_warp() {
    __syncwarp();
}
FT_DEVICE float shuffle_xor(float value, int mask) {
    return __shfl_xor_sync(0xFFFFFFFFU, value, mask);
}
FT_DEVICE int shuffle_xor(int value, int mask) {
    return __shfl_xor_sync(0xFFFFFFFFU, value, mask);
}
FT_DEVICE void atomic_min(int* target, int value) {
    atomicMin(target, value);
}
FT_DEVICE void atomic_max(int* target, int value) {
    atomicMax(target, value);
}
FT_DEVICE uint16_t half_bits(float value) {
    return __half_as_ushort(__float2half_rn(value));
}
FT_DEVICE float float_of_half(uint16_t bits) {
    return __half2float(__ushort_as_half(bits));
}
/// a·b + c with one rounding, and a + b that is not made part of such a sum: what a compiler may do differently from
/// kernel to kernel.
FT_DEVICE float multiply_add(float a, float b, float c) {
    return __fmaf_rn(a, b, c);
}
FT_DEVICE float add(float a, float b) {
    return __fadd_rn(a, b);
}
/// To the nearest, ties to even.
FT_DEVICE int round_to_int(float value) {
    return __float2int_rn(value);
}
/// Four i8 as halves, exactly: a byte behind 0x64 is a half of 1024 more.
FT_DEVICE void halves_of_bytes(uint32_t bytes, uint32_t& first_two, uint32_t& last_two) {
    union Pair {
        uint32_t word;
        __half2 halves;
    };
    const Pair offset{0x64806480};  // 1024 + i8_zero, twice
    Pair first{__byte_perm(bytes, 0x64646464, 0x4140)}, last{__byte_perm(bytes, 0x64646464, 0x4342)};
    first.halves = __hsub2(first.halves, offset.halves);
    last.halves = __hsub2(last.halves, offset.halves);
    first_two = first.word;
    last_two = last.word;
}

/// Four 8×8 matrices of halves (PTX ldmatrix): lane i gives the address of row i%8 of matrix i/8; of every matrix it
/// gets the elements (i/4, 2·(i%4)) and the next in the row.
FT_DEVICE void load_matrices(uint32_t (&r)[4], const void* row) {
    const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}
/// The same of the transposed matrices.
FT_DEVICE void load_matrices_transposed(uint32_t (&r)[4], const void* row) {
    const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

/// d [16, 8] += a [16, 16] · b [16, 8], halves summed in float32, in the fragments of PTX mma.m16n8k16. Turing has only
/// products over 8: two of them are the same fragments.
FT_DEVICE void multiply_add(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

/// 16 bytes on their way from global to shared memory (or zeros): under way from copy_async on, there after
/// finish_copy and wait_for_copies. Turing has no such copies: it reads at once and writes at the end, so that what a
/// thread does between the two hides the way.
struct Copy {
    Vec16* to;
    Vec16 value;
};
FT_DEVICE Copy copy_async(void* shared, const void* global, bool valid) {
    Copy copy{static_cast<Vec16*>(shared), Vec16{0, 0, 0, 0}};
#if __CUDA_ARCH__ >= 800
    const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
    const int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(global), "r"(bytes) : "memory");
#else
    if (valid) copy.value = *static_cast<const Vec16*>(global);
#endif
    return copy;
}
FT_DEVICE void finish_copy(const Copy& copy) {
#if __CUDA_ARCH__ < 800
    *copy.to = copy.value;
#endif
}
FT_DEVICE void commit_copies() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
/// Waits until at most `pending` of this thread's committed groups are under way. Others see them after a barrier.
template <int pending>
FT_DEVICE void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#endif
}

}  // namespace ft::FT_GPU
#endif

namespace ft::FT_GPU {

constexpr int warp_lanes = 32;

FT_DEVICE int lane() {
    return thread() % warp_lanes;
}
FT_DEVICE int warp() {
    return thread() / warp_lanes;
}
template <typename T>
FT_DEVICE T* shared_memory(int64_t byte_offset = 0) {
    return reinterpret_cast<T*>(shared_bytes() + byte_offset);
}

FT_DEVICE float to_float(float value) {
    return value;
}
FT_DEVICE float to_float(f16 value) {
    return float_of_half(value.bits);
}
FT_DEVICE float to_float(i8 value) {
    return static_cast<float>(static_cast<int>(value.bits) - i8_zero);
}
template <typename T>
FT_DEVICE T from_float(float value) {
    if constexpr (sizeof(T) == sizeof(float)) {
        return value;
    } else {
        return T{half_bits(value)};
    }
}
/// Two neighbours in one register, the first in the low half.
FT_DEVICE uint32_t pack_halves(float first, float second) {
    return half_bits(first) | static_cast<uint32_t>(half_bits(second)) << 16;
}

/// Eight neighbours; `p` aligned to 16 bytes.
FT_DEVICE void load8(const f16* p, float (&v)[8]) {
    const Vec16 words = *reinterpret_cast<const Vec16*>(p);
    const uint32_t w[4] = {words.x, words.y, words.z, words.w};
    FT_UNROLL
    for (int i = 0; i < 4; ++i) {
        v[2 * i] = float_of_half(static_cast<uint16_t>(w[i]));
        v[2 * i + 1] = float_of_half(static_cast<uint16_t>(w[i] >> 16));
    }
}
FT_DEVICE void load8(const float* p, float (&v)[8]) {
    union Words {
        Vec16 vec[2];
        float f[8];
    } words;
    words.vec[0] = reinterpret_cast<const Vec16*>(p)[0];
    words.vec[1] = reinterpret_cast<const Vec16*>(p)[1];
    FT_UNROLL
    for (int i = 0; i < 8; ++i) v[i] = words.f[i];
}

/// Sixteen neighbours; `p` aligned to 16 bytes.
FT_DEVICE void load16(const i8* p, float (&v)[16]) {
    const Vec16 words = *reinterpret_cast<const Vec16*>(p);
    const uint32_t w[4] = {words.x, words.y, words.z, words.w};
    FT_UNROLL
    for (int i = 0; i < 4; ++i) {
        uint32_t pairs[2];
        halves_of_bytes(w[i], pairs[0], pairs[1]);
        FT_UNROLL
        for (int j = 0; j < 4; ++j) v[4 * i + j] = float_of_half(static_cast<uint16_t>(pairs[j / 2] >> (16 * (j % 2))));
    }
}

/// All lanes' sum or largest value, in an order that depends on nothing.
FT_DEVICE float warp_sum(float value) {
    FT_UNROLL
    for (int mask = warp_lanes / 2; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
    return value;
}
FT_DEVICE float warp_max(float value) {
    FT_UNROLL
    for (int mask = warp_lanes / 2; mask > 0; mask /= 2) value = fmaxf(value, shuffle_xor(value, mask));
    return value;
}
/// A block's; `scratch`: shared, one value a warp.
FT_DEVICE float block_sum(float value, float* scratch) {
    value = warp_sum(value);
    barrier();
    if (lane() == 0) scratch[warp()] = value;
    barrier();
    value = scratch[0];
    for (int w = 1; w < block_threads() / warp_lanes; ++w) value += scratch[w];
    return value;
}
FT_DEVICE float block_max(float value, float* scratch) {
    value = warp_max(value);
    barrier();
    if (lane() == 0) scratch[warp()] = value;
    barrier();
    value = scratch[0];
    for (int w = 1; w < block_threads() / warp_lanes; ++w) value = fmaxf(value, scratch[w]);
    return value;
}

}  // namespace ft::FT_GPU
