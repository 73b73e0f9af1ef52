#pragma once
// THE COMPUTE SEAM. What a device must do for Whisper, as some twenty coarse operations: each is a fused block, so
// that a fast backend need not write to memory what it would rather keep. The model (model/) is written once above it.
//
// Threads: a backend belongs to one thread at a time; weights and caches are used only with the backend that made them.
// Order: calls take effect in the order they are made; a backend may run them later (a stream) until a result is read.
// Errors: Error{out_of_memory, unsupported, internal}; a failed call leaves outputs undefined and the backend usable.
// Error{device_lost}: neither this backend nor another one of this process on that device will work again.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace ft {

enum class Precision : uint8_t { float32, int8, float16, int8_float16 };
std::string_view to_string(Precision precision);

struct BackendInfo {
    std::string name;    ///< "cpu", "reference", "cuda"
    std::string device;  ///< "AMD EPYC … (avx512-vnni, 2 threads)"
    Precision precision = Precision::float32;
    /// Windows come as samples, for log_mel(); otherwise the spectrogram is made ahead, beside the backend.
    bool takes_samples = false;
    std::string libraries;  ///< those it computes with and their versions, "oneDNN 2.6.3"; "" when it needs none
    double start_s = 0;     ///< that driver and device took to start
};

/// Tokens that a decoder reads at once: so many rows, and no more, do not depend on their company. A fast backend has
/// other products for the 1,500 rows of an encoder's window.
constexpr size_t most_rows_of_a_step = 1024;

/// Weights in the backend's own layout and precision. They may refer to the packed file's bytes, which must outlive
/// them.
class Weight {
  public:
    virtual ~Weight() = default;
};
using WeightPtr = std::unique_ptr<Weight>;

enum class WeightKind : uint8_t {
    linear,     ///< weight [out, in], bias [out] or none
    conv1d,     ///< weight [out, in, 3], bias [out]; stride is the operation's
    norm,       ///< weight [d] (gain), bias [d]
    embedding,  ///< weight [vocab, d]: rows are looked up, and the transposed product gives logits
    positions,  ///< weight [n, d]
    cross_kv,  ///< weight [2·d, d], bias [2·d] or none: what makes cross-attention keys, then values, of the encoder's
               ///< output
};

std::string_view to_string(WeightKind kind);

/// Lays a checkpoint's tensors out for a backend. Needs no device: a model can be packed on another machine than the
/// one that computes. Immutable; any number of threads.
class WeightPacker {
  public:
    virtual ~WeightPacker() = default;
    /// Identity of the layout: weights packed under another one must be packed again.
    virtual const std::string& packing() const = 0;
    /// What Backend::bind takes. `bias` has no bytes when there is none. Pure. Throws Error{bad_model}.
    virtual std::vector<std::byte> pack(WeightKind kind, const HostTensor& weight, const HostTensor& bias) const = 0;
};

/// Cross-attention keys and values of one window for all decoder layers.
class CrossCache {
  public:
    virtual ~CrossCache() = default;
};

/// Self-attention keys and values: [layers, rows, positions, d]; a row is a slot that one hypothesis occupies.
class SelfCache {
  public:
    virtual ~SelfCache() = default;
};

/// Cross-attention probabilities of chosen heads for all tokens of some texts: what word times are made of. Opaque, as
/// only the backend that made it looks inside: it need not leave the device.
class AttentionTrace {
  public:
    virtual ~AttentionTrace() = default;
};

/// Neighbouring items of a trace that are the tokens of one text, and how much of their window is sound.
struct TracedText {
    int64_t begin = 0, size = 0;  ///< items
    int64_t frames = 0;           ///< encoder positions from the window's start on: 1 to all of them
};
/// Frames over which alignment_matrix takes its running median.
constexpr int alignment_median = 7;

enum class Activation : uint8_t { none, gelu };

/// One row of the next-token choice. The caller's rules (decoding/logits_rules.h) are given as data so that they run
/// where the logits are.
struct TokenRule {
    /// Bit set over the vocabulary, one bit a token, 1 = forbidden; may be null. Same pointer = same content.
    const std::vector<uint64_t>* suppressed = nullptr;
    /// Half-open ranges of further forbidden tokens, at most this many used.
    struct Range {
        int32_t begin = 0, end = 0;
    };
    Range forbidden[4];
    /// If set, text tokens (below this id) are also forbidden when the timestamps (from this id on) together are more
    /// probable than every single text token (Whisper's timestamp rule). -1: no such rule.
    int32_t timestamp_begin = -1;
    /// A token whose probability before any rule is reported (the no-speech token); -1: none.
    int32_t probe = -1;
    float temperature = 0.0F;  ///< 0: the most probable token. Otherwise sampled from softmax(logits / temperature).
    float uniform = 0.0F;      ///< the caller's random number in [0, 1) for sampling: same number, same choice.
    int32_t top = 1;           ///< beam search: how many of the most probable tokens to report (≤ 32).
};

struct Candidate {
    int32_t token = 0;
    float log_probability = 0.0F;  ///< under the softmax over the tokens that the rule allows, at temperature 1
};

struct Choice {
    Candidate best;                     ///< chosen or sampled; ties go to the lowest token id
    std::vector<Candidate> candidates;  ///< the `top` most probable in descending order, when top > 1
    float probe_probability = 0.0F;
};

class Backend {
  public:
    virtual ~Backend() = default;
    virtual const BackendInfo& info() const = 0;

    // ── weights ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// What packs for this backend: the same as make_packer gives for its options.
    virtual const WeightPacker& packer() const = 0;
    /// Takes packed bytes into use (uploads or merely refers to them). `shape` is the unpacked weight's.
    /// Throws Error{bad_model} when the size does not fit.
    virtual WeightPtr bind(WeightKind kind, const Shape& shape, std::span<const std::byte> packed) = 0;

    // ── activations ──────────────────────────────────────────────────────────────────────────────────────────────
    virtual Tensor empty(Shape shape) = 0;
    virtual Tensor upload(Shape shape, std::span<const float> values) = 0;
    /// Waits for pending work; row-major values.
    virtual std::vector<float> read(const Tensor& tensor) = 0;

    // ── encoder ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// At most 480,000 samples at 16 kHz → out [n_mels, 3000]: as LogMel::compute (features/log_mel.h) within 1e-4.
    /// Throws Error{invalid_argument} on more samples.
    virtual void log_mel(std::span<const float> pcm, Tensor& out) = 0;
    /// mel [n_mels, 2·T] → GELU(conv1, stride 1) → GELU(conv2, stride 2) → + positions → out [T, d]. Padding 1.
    virtual void conv_stem(const Tensor& mel, const Weight& conv1, const Weight& conv2, const Weight& positions,
                           Tensor& out) = 0;
    /// out = LayerNorm(x)·gain + bias over the last dimension, epsilon 1e-5. x, out [n, d].
    virtual void layer_norm(const Tensor& x, const Weight& norm, Tensor& out) = 0;
    /// out = act(norm?(x) · Wᵀ + b) (+ residual). x [n, in], out [n, out]. Up to n = most_rows_of_a_step a row comes
    /// out the same to the bit, whatever stands beside it. `norm` and `residual` may be null; residual may be `out`
    /// itself. GELU is the exact one (erf).
    virtual void linear(const Tensor& x, const Weight* norm, const Weight& weight, Activation activation,
                        const Tensor* residual, Tensor& out) = 0;
    /// Bidirectional softmax(q·kᵀ/√64)·v per head. qkv [T, 3·d] (q, k, v side by side, heads of d/heads) → out [T, d].
    virtual void encoder_attention(const Tensor& qkv, int heads, Tensor& out) = 0;

    // ── decoder ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// What every decoder layer hears of the encoder's output [T, d]: keys and values, or what serves in their place;
    /// kv_weights[layer] is a cross_kv. The weights outlive the cache. `listeners`: how many texts will be followed
    /// side by side in this window; a backend may choose a form by it, whose results differ within its precision.
    virtual std::unique_ptr<CrossCache> make_cross_cache(const Tensor& encoded,
                                                         std::span<const Weight* const> kv_weights, int heads,
                                                         int listeners) = 0;
    virtual std::unique_ptr<SelfCache> make_self_cache(int layers, int rows, int positions, int d) = 0;
    /// out[i] = table[tokens[i]] + positions[position[i]]. out [n, d].
    virtual void embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
                       std::span<const int32_t> position, Tensor& out) = 0;
    /// Writes key and value of item i at (slot[i], position[i]), then lets its query see positions 0…position[i] of
    /// that slot. Several items may share a slot (a prompt): they come in ascending position. Position 0 begins a new
    /// text in its slot; a step goes through the layers from 0 on. qkv [n, 3·d] → out [n, d].
    virtual void self_attention_step(const Tensor& qkv, int heads, int layer, SelfCache& cache,
                                     std::span<const int32_t> slots, std::span<const int32_t> positions,
                                     Tensor& out) = 0;
    /// q [n, d]; caches[i] is the window that item i listens to. out [n, d]. `heads_wanted` (head indices of this
    /// layer) asks for attention probabilities: they are appended to `weights` as [n, heads_wanted, T].
    virtual void cross_attention_step(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                                      Tensor& out, std::span<const int32_t> heads_wanted,
                                      std::vector<float>* weights) = 0;
    /// Room for the probabilities of `heads` heads, of any layers, for `items` tokens.
    virtual std::unique_ptr<AttentionTrace> make_attention_trace(int64_t items, int heads) = 0;
    /// cross_attention_step for texts whose tokens are all known, so that many neighbouring items listen to one window
    /// (all windows have the same T). The probabilities of `heads_wanted` (not empty) stay in `trace`, as its heads
    /// from `first_head` on; a trace's head is written once.
    virtual void cross_attention_trace(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                                       std::span<const int32_t> heads_wanted, AttentionTrace& trace, int first_head,
                                       Tensor& out) = 0;
    /// Where the tokens of one text listen (openai/whisper, timing.py): for each of the trace's heads given, the
    /// probabilities over the text's frames, scaled to a sum of 1 a token, then at each frame to mean 0 and deviation 1
    /// over the tokens (0 where they do not differ), then the median of `alignment_median` neighbouring frames,
    /// mirrored at both ends (left out when the frames are too few to mirror). The mean over the heads, [text.size,
    /// text.frames].
    virtual std::vector<float> alignment_matrix(const AttentionTrace& trace, std::span<const int32_t> trace_heads,
                                                const TracedText& text) = 0;
    /// Final LayerNorm, logits = x·tableᵀ, the rules, the choice; one result a rule. `items[i]` is the row of x that
    /// rule i looks at.
    virtual std::vector<Choice> choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                              std::span<const int32_t> items, std::span<const TokenRule> rules) = 0;
    /// The raw logits [items, vocab], for tests and language detection.
    virtual std::vector<float> logits(const Tensor& x, const Weight& norm, const Weight& table,
                                      std::span<const int32_t> items) = 0;
    /// The first `positions` positions of slot `from` become the past of slot `to` in all layers (beam search); what
    /// `to` had before is forgotten.
    virtual void copy_slot(SelfCache& cache, int from, int to, int positions) = 0;

    // ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────
    /// Gives back to the machine what is only kept for the next call: for when none comes for a while.
    virtual void release_idle_memory() {}
};

struct BackendOptions {
    std::string name = "cpu";  ///< "cpu", "cuda" or "reference"
    Precision precision = Precision::int8;
    int threads = 0;  ///< 0: all usable cores
    /// Caps the instruction set, for tests: "", "sse2", "avx2", "avx512", "avx512-vnni".
    std::string instruction_set;
    int device_index = 0;       ///< which GPU
    size_t memory_budget = 0;   ///< of the GPU's, in bytes; 0: all that it has
    bool launch_graphs = true;  ///< the GPU's work is launched in sequences, not kernel by kernel
};

/// The one place that knows the backends by name (backends/registry.cpp). Throws Error{unsupported, invalid_argument}.
std::unique_ptr<Backend> make_backend(const BackendOptions& options);
/// Of the options only name and precision count. Works without the device, and in a program built without its engine.
/// Throws Error{unsupported, invalid_argument}.
std::unique_ptr<WeightPacker> make_packer(const BackendOptions& options);
/// Name and precision of everything that models are packed for.
std::vector<BackendOptions> packed_forms();

}  // namespace ft
