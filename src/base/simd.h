#pragma once
// Portable vectors (the compilers' vector extension) and the instruction sets a kernel is compiled for.
// A kernel is one FT_INLINE template over the vector's width; a wrapper per instruction set carries FT_TARGET_… and
// instantiates it; best_isa() chooses the wrapper once, at construction. Such sources link ft_simd:
// -Wno-psabi (no vector crosses a call) -ffp-contract=fast (fused multiply-add where there is one) and
// -fno-math-errno (std::sqrt is one instruction).
#include <cstdint>

namespace ft {

#define FT_INLINE [[gnu::always_inline]] inline

#if defined(__x86_64__)
#define FT_HAVE_X86 1
#define FT_TARGET_AVX2 [[gnu::target("avx2,fma")]]
#define FT_TARGET_AVX512 [[gnu::target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]]
#else
#define FT_HAVE_X86 0
#endif

template <typename T, int lanes>
struct VectorOf {
    typedef T type __attribute__((vector_size(lanes * sizeof(T))));
};
template <typename T, int lanes>
using Vector = typename VectorOf<T, lanes>::type;

/// How wide kernels may compute: baseline (whatever the build targets), AVX2 with FMA, or AVX-512 (F, BW, DQ, VL).
enum class Isa { baseline, avx2, avx512 };

/// What this machine and its operating system can run.
inline Isa best_isa() {
#if FT_HAVE_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        return Isa::avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
#endif
    return Isa::baseline;
}

}  // namespace ft
