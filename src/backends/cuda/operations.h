#pragma once
// What each .cu file gives the backend: checked pointers and sizes go in, kernels start. `T` is what weights, caches
// and scratch are made of: float, f16 or i8, with sums in float32. Activations between operations are float32.
#include <cstdint>
#include <type_traits>

#include "backends/cuda/half.h"
#include "backends/cuda/runtime.h"

namespace ft::FT_GPU {

/// layer_norm.cu: out[i] = LayerNorm(x[row i])·gain + bias, or the row as it is where there is no gain. `rows` (indices
/// of x's rows; may be null) gathers.
template <typename T>
void prepare_rows(Device& device, const float* x, const int32_t* rows, const float* gain, const float* bias, T* out,
                  int n, int d);

/// out [n, outputs] = act(x · Wᵀ · scale + bias) (+ residual).
template <typename X, typename W, typename Out>
struct LinearCall {
    const X* x = nullptr;  // row i begins at x + i·x_stride
    int64_t x_stride = 0;
    const W* weight = nullptr;        // [outputs, inputs]
    const float* scale = nullptr;     // [outputs]; null: 1
    const float* bias = nullptr;      // [outputs]; null: 0
    const float* residual = nullptr;  // [n, outputs], may be `out`
    Out* out = nullptr;               // [n, outputs]
    int n = 0, inputs = 0, outputs = 0;
    int32_t gelu = 0;  // no bool: arguments are compared byte by byte, and what fills a gap is no value

    KernelWork work() const {
        const double results = static_cast<double>(n) * outputs, weights = static_cast<double>(inputs) * outputs;
        // Rows of a convolution overlap.
        const double values = x_stride < inputs ? static_cast<double>(n - 1) * static_cast<double>(x_stride) + inputs
                                                : static_cast<double>(n) * inputs;
        const int vectors = (scale != nullptr ? 1 : 0) + (bias != nullptr ? 1 : 0);
        return {2.0 * n * weights, sizeof(X) * values + sizeof(W) * weights + sizeof(float) * vectors * outputs +
                                       (residual != nullptr ? sizeof(float) : 0) * results + sizeof(Out) * results};
    }
};
/// linear.cu: float32 products of any shape.
template <typename W, typename Out>
void linear_plain(Device& device, const LinearCall<float, W, Out>& call);
/// linear_mma.cu: on tensor cores, W f16 or i8; inputs are a multiple of 16 bytes of W, x_stride of 8, x and weight
/// aligned to 16 bytes, out and residual to two of their values.
template <typename W, typename Out>
void linear_mma(Device& device, const LinearCall<f16, W, Out>& call);

/// log_mel.cu: at most 480,000 samples → out [n_mels, 3000]. Band m is the sum of bins first_bin[m], … with weights
/// first_weight[m] to first_weight[m + 1].
struct LogMelCall {
    const float* pcm = nullptr;
    int samples = 0, n_mels = 0;
    const double* window = nullptr;         // [400]
    const double* roots = nullptr;          // [400, 2], e^(-2πik/400): re, im
    const int32_t* first_bin = nullptr;     // [n_mels]
    const int32_t* first_weight = nullptr;  // [n_mels + 1]
    const float* weights = nullptr;
    float* maxima = nullptr;  // [log_mel_maxima()]
    float* out = nullptr;
};
void log_mel(Device& device, const LogMelCall& call);
int log_mel_maxima();

/// conv_stem.cu: mel [mels, frames] → rows [frames + 2, mels], the first and the last of them zeros.
template <typename T>
void mel_rows(Device& device, const float* mel, T* rows, int mels, int frames);

/// encoder_attention.cu: heads of 64. T chooses the arithmetic.
template <typename T>
void encoder_attention(Device& device, const float* qkv, float* out, int steps, int heads);

/// What a step's queries look at, for the count of work.
struct AttentionReach {
    double pairs = 0;          ///< of a query and a position, in one head
    double positions = 0;      ///< that any query looks at: two beams on one window share them
    double probabilities = 0;  ///< that are kept, of all heads
};

/// self_attention.cu: keys and values [rows, positions, d] of one layer.
template <typename T>
void self_attention(Device& device, const float* qkv, T* keys, T* values, const int32_t* slots,
                    const int32_t* positions, float* out, int n, int heads, int cache_positions,
                    const AttentionReach& reach);
/// Positions [0, count) of row `from` to row `to`, in all layers.
template <typename T>
void copy_slot(Device& device, T* cache, int layers, int rows, int cache_positions, int d, int from, int to, int count);

/// One item's window: keys and values [layers, t, 2·d] of float or f16. As i8 a head's rows lie one after the other,
/// [layers][keys, values][heads][t][64], and each has its scale, [layers][keys, values][heads][t].
struct WindowView {
    const void* keys_values = nullptr;
    const float* scales = nullptr;
    int32_t t = 0;
    int32_t unused = 0;  // views are compared byte by byte: no gaps
};
static_assert(std::has_unique_object_representations_v<WindowView>);
/// Where probabilities go: of head h, if slot_of_head[h] ≥ 0, to out[item·item_stride + slot·head_stride + position].
struct ProbabilityTarget {
    const int32_t* slot_of_head = nullptr;  // null: nowhere
    float* out = nullptr;
    int64_t item_stride = 0, head_stride = 0;
};
/// cross_attention.cu: `longest`: the largest t.
template <typename T>
void cross_attention(Device& device, const float* q, const WindowView* windows, int layer, float* out, int n, int heads,
                     int longest, const ProbabilityTarget& target, const AttentionReach& reach);
/// One layer's keys and values [t, 2·d] as bytes with their scales.
void window_to_bytes(Device& device, const f16* keys_values, i8* bytes, float* scales, int t, int heads);

/// attention_trace.cu: probabilities [trace's heads][items][t] → matrix [size, frames]; scratch
/// [count of heads, size, frames].
struct AlignmentCall {
    const float* probabilities = nullptr;
    int64_t items = 0, t = 0;
    const int32_t* heads = nullptr;
    int head_count = 0;
    int begin = 0, size = 0, frames = 0;
    float* scratch = nullptr;
    float* matrix = nullptr;
};
void alignment_matrix(Device& device, const AlignmentCall& call);

/// embed.cu: out[i] = table[tokens[i]]·scale + positions[position[i]].
template <typename T>
void embed(Device& device, const T* table, const float* scale, const float* positions, const int32_t* tokens,
           const int32_t* position, float* out, int n, int d);

constexpr int most_candidates = 32;
/// A TokenRule whose bit set lies on the device.
struct RuleView {
    const uint64_t* suppressed = nullptr;
    int32_t forbidden[4][2] = {};
    int32_t timestamp_begin = -1, probe = -1;
    float temperature = 0, uniform = 0;
    int32_t top = 1, unused = 0;
};
static_assert(sizeof(RuleView) == sizeof(void*) + 14 * sizeof(int32_t));
struct ChoiceView {
    enum Status : int32_t { chosen, not_finite, nothing_allowed };
    int32_t status, token;
    float log_probability, probe_probability;
    int32_t candidates;
    int32_t candidate_token[most_candidates];
    float candidate_log_probability[most_candidates];
};
/// choose_tokens.cu
void choose_tokens(Device& device, const float* logits, const RuleView* rules, ChoiceView* choices, int n,
                   int vocabulary);

}  // namespace ft::FT_GPU
