// Compiled with this instruction set's flags: nothing but our own code and intrinsics may be instantiated here, or the
// linker could pick these instructions for everybody's std:: functions.

#include <emmintrin.h>

#include "backends/cpu/kernels.h"

namespace ft::cpu {
namespace {
// Each of these builds on those before it.
// clang-format off
#include "backends/cpu/simd_sse2.h"
#include "backends/cpu/kernels_rows.h"
#include "backends/cpu/kernels_product.h"
#include "backends/cpu/kernels_attention.h"
#include "backends/cpu/kernels_cross.h"
#include "backends/cpu/kernels_table.h"
// clang-format on
constexpr Kernels table = make_table("sse2");
}  // namespace

const Kernels& kernels_sse2() {
    return table;
}

}  // namespace ft::cpu
