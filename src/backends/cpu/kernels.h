#pragma once
// The inner loops of the CPU backend, once per instruction set. Every set gives the same integers: int8 products are
// summed exactly, so a row's result depends neither on the instruction set's width nor on the other rows of its batch.
#include <cstdint>
#include <string>
#include <vector>

namespace ft::cpu {

constexpr int64_t block_columns = 16;  ///< output columns of one block of an int8 weight
constexpr int64_t group_depth = 4;     ///< consecutive inputs that lie side by side for each column of a block

inline int64_t round_up(int64_t value, int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// An int8 weight [n, k] as packed: blocks of 16 columns, each [k/4][16][4], then per column scale, sum and bias.
struct Int8Weight {
    const int8_t* blocks = nullptr;
    const float* scale = nullptr;         // [n16]
    const int32_t* column_sum = nullptr;  // [n16]
    const float* bias = nullptr;          // [n16]
    int64_t n = 0, k = 0;                 // k is a multiple of 4 (zero-padded)
    int64_t pitch = 0;                    // bytes from one block to the next; 0: they lie side by side

    int64_t column_blocks() const { return (n + block_columns - 1) / block_columns; }
    int64_t block_bytes() const { return pitch != 0 ? pitch : k * block_columns; }
};

/// out[m, n] = act(dequantized(a · wᵀ) + bias) (+ residual), for column blocks [block_begin, block_end).
struct Int8Product {
    const void* a = nullptr;         // quantized rows: u8 (value + 128) or i16, by Kernels::bytes_per_input
    const float* a_scale = nullptr;  // [m]
    int64_t m = 0;
    Int8Weight w;
    int64_t block_begin = 0, block_end = 0;
    bool gelu = false;
    const float* residual = nullptr;  // row stride ld
    float* out = nullptr;
    int64_t ld = 0;
};

/// One head's keys and values for encoder attention, in the set's own integers of at most 16 bits; t_padded is t
/// rounded up to 32.
struct AttentionHead {
    int64_t t = 0, t_padded = 0, d = 0;  // d: size of a head, a multiple of 16
    const void* keys = nullptr;          // t_padded·d
    const float* key_scale = nullptr;    // [t_padded], 0 for padding
    const void* values = nullptr;        // t_padded·d
    const float* value_scale = nullptr;  // [d]
    const float* value_mean = nullptr;   // [d]
};

/// Sixteen positions of a window on their way into its cross-attention cache, as int8 of x − mean, twice: for the
/// scores (positions are columns of an Int8Weight) and for the sum over positions (positions are its depth).
struct PositionBlock {
    const float* x = nullptr;     // [count, d], rows `stride` apart
    const float* mean = nullptr;  // [d]
    int64_t count = 0, d = 0;     // d: a multiple of 16; positions from count on become zeros
    int64_t stride = 0;
    int8_t* rows = nullptr;    // scratch [16, d]
    int8_t* keys = nullptr;    // [d/4][16][4]; may be null
    int8_t* values = nullptr;  // [d/16] blocks, value_pitch bytes apart, of [16/4][16][4]; may be null
    int64_t value_pitch = 0;
    float* scale = nullptr;  // [16], 0 for missing positions
    int32_t* sum = nullptr;  // [16]
};

/// One query of every head over n positions, in float32: out = softmax(q·kᵀ/√size)·v. Positions lie in pages: keys
/// [page_positions, stride] with the heads side by side, then values alike.
struct FloatAttention {
    const float* q = nullptr;             // [heads, size]
    const float* const* pages = nullptr;  // the first n positions
    int64_t offset = 0;                   // from a page's begin to its keys
    int64_t page_positions = 0, stride = 0;
    int64_t n = 0;
    int64_t heads = 1, size = 0;
    float* scores = nullptr;  // scratch [heads, n]; receives the probabilities
    float* out = nullptr;     // [heads, size]
};

constexpr float share_limit = 255.0F;  ///< of a position's share as an integer

struct Kernels {
    const char* name;
    int64_t bytes_per_input;  // of a quantized activation: 1 or 2

    void (*layer_norm)(const float* x, const float* gain, const float* bias, float* out, int64_t n);
    /// q[0, k_padded) from x[0, k), symmetric, ±127; returns the scale. Padding is zero.
    float (*quantize)(const float* x, void* q, int64_t k, int64_t k_padded);
    void (*product_i8)(const Int8Product& product);
    /// out[m, n] = act(a·wᵀ + bias) (+ residual) for few rows; w [n, k] row-major; columns [begin, end).
    void (*product_f32)(const float* a, int64_t m, int64_t k, const float* w, const float* bias, int64_t begin,
                        int64_t end, bool gelu, const float* residual, float* out, int64_t ld);
    void (*gelu)(float* x, int64_t n);
    float (*max)(const float* x, int64_t n);
    float (*sum_exp)(const float* x, int64_t n, float highest);  ///< Σ exp(x − highest)
    /// Softmax numerators in place: x = exp(x − max); returns their sum.
    float (*exp_minus_max)(float* x, int64_t n);
    /// y += a·x
    void (*axpy)(float a, const float* x, float* y, int64_t n);
    void (*attend_f32)(const FloatAttention& step);

    // Encoder attention in integers.
    void (*pack_keys)(const float* k, int64_t stride, int64_t t, int64_t t_padded, int64_t d, void* keys, float* scale);
    void (*pack_values)(const float* v, int64_t stride, int64_t t, int64_t t_padded, int64_t d, void* values,
                        float* scale, float* mean);
    /// `rows` queries (row stride `stride`) against one head; scratch of attention_scratch_floats() floats.
    void (*attend)(const AttentionHead& head, const float* q, int64_t rows, int64_t stride, float* out,
                   int64_t out_stride, float* scratch);

    // Cross-attention in 8 bits.
    void (*pack_positions)(const PositionBlock& block);
    /// Softmax of t scores, each share times its position's scale, as integers in [0, share_limit] in the form of
    /// quantized activations (but unsigned bytes are not shifted); both arrays are t_padded long, a multiple of 16.
    /// Returns the scale of the integers. weights (may be null) receives the t probabilities. Overwrites the scores.
    float (*weigh_positions)(float* scores, const float* position_scale, int64_t t, int64_t t_padded, void* shares,
                             float* weights);
};

/// Floats of scratch that attend needs for t_padded positions and heads of d.
int64_t attention_scratch_floats(int64_t t_padded, int64_t d);

const Kernels& kernels_sse2();
const Kernels& kernels_avx2();
const Kernels& kernels_avx512();
const Kernels& kernels_avx512_vnni();

/// The best set this processor has, at most `cap` ("" for no cap). Throws Error{unsupported} when it lacks the capped
/// set, Error{invalid_argument} when there is none of that name.
const Kernels& choose_kernels(const std::string& cap);
/// Names of the sets that this processor can run, weakest first.
std::vector<std::string> usable_instruction_sets();

}  // namespace ft::cpu
