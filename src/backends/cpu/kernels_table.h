// The table of one instruction set; included last inside the anonymous namespace of each kernels_*.cpp.
constexpr Kernels make_table(const char* name) {
    return {
        name,           byte_inputs ? 1 : 2, layer_norm, quantize,   product_i8, product_f32, gelu,   max,
        sum_exp,        exp_minus_max,       axpy,       attend_f32, pack_keys,  pack_values, attend, pack_positions,
        weigh_positions};
}
