#pragma once
// The backend's class: cuda_backend.cpp has what it keeps and the encoder, decoder_steps.cpp the decoder. T is what
// weights, caches and factors of products are made of: float or f16.
#include <algorithm>
#include <vector>

#include "backends/cuda/mel_tables.h"
#include "backends/cuda/operations.h"
#include "backends/cuda/weights.h"

namespace ft::FT_GPU {

struct GpuStorage final : Storage {
    DeviceMemory memory;  // float32
};

template <typename T>
struct GpuCrossCache final : CrossCache {
    int heads = 0, layers = 0, t = 0, d = 0;
    DeviceMemory memory, scales;  // a WindowView's
};

template <typename T>
struct GpuSelfCache final : SelfCache {
    int layers = 0, rows = 0, positions = 0, d = 0;
    DeviceMemory keys, values;  // [layers, rows, positions, d]
    int64_t layer(int index) const { return int64_t{index} * rows * positions * d; }
};

struct GpuAttentionTrace final : AttentionTrace {
    int64_t items = 0, t = 0;    // t: 0 until something was traced
    std::vector<bool> written;   // by head
    DeviceMemory probabilities;  // [heads][items][t]
};

/// An array of the host that a step needs on the device. What lies there already is not sent again: a decoder's layers
/// all ask for the same slots, positions and windows.
class SentArray {
  public:
    template <typename E>
    const E* send(Device& device, std::span<const E> values) {
        const auto bytes = std::as_bytes(values);
        // After a failure nobody knows whether it arrived.
        if (failures_ != device.failures() || !std::equal(bytes.begin(), bytes.end(), last_.begin(), last_.end())) {
            last_.clear();
            E* to = memory_.at_least<E>(device, values.size());
            device.upload(to, values.data(), values.size_bytes());
            last_.assign(bytes.begin(), bytes.end());
            failures_ = device.failures();
        }
        return memory_.as<E>();
    }

  private:
    DeviceMemory memory_;
    std::vector<std::byte> last_;
    uint64_t failures_ = 0;
};

template <typename T>
class GpuBackend final : public Backend {
  public:
    GpuBackend(const BackendOptions& options, WorkLog* work, bool run);

    const BackendInfo& info() const override { return info_; }
    const WeightPacker& packer() const override { return packer_; }
    WeightPtr bind(WeightKind kind, const Shape& shape, std::span<const std::byte> packed) override;
    Tensor empty(Shape shape) override;
    Tensor upload(Shape shape, std::span<const float> values) override;
    std::vector<float> read(const Tensor& tensor) override;
    void log_mel(std::span<const float> pcm, Tensor& out) override;
    void conv_stem(const Tensor& mel, const Weight& conv1, const Weight& conv2, const Weight& positions,
                   Tensor& out) override;
    void layer_norm(const Tensor& x, const Weight& norm, Tensor& out) override;
    void linear(const Tensor& x, const Weight* norm, const Weight& weight, Activation activation,
                const Tensor* residual, Tensor& out) override;
    void encoder_attention(const Tensor& qkv, int heads, Tensor& out) override;
    std::unique_ptr<CrossCache> make_cross_cache(const Tensor& encoded, std::span<const Weight* const> kv_weights,
                                                 int heads, int listeners) override;
    std::unique_ptr<SelfCache> make_self_cache(int layers, int rows, int positions, int d) override;
    void embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
               std::span<const int32_t> position, Tensor& out) override;
    void self_attention_step(const Tensor& qkv, int heads, int layer, SelfCache& cache, std::span<const int32_t> slots,
                             std::span<const int32_t> positions, Tensor& out) override;
    void cross_attention_step(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                              Tensor& out, std::span<const int32_t> heads_wanted, std::vector<float>* weights) override;
    std::unique_ptr<AttentionTrace> make_attention_trace(int64_t items, int heads) override;
    void cross_attention_trace(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                               std::span<const int32_t> heads_wanted, AttentionTrace& trace, int first_head,
                               Tensor& out) override;
    std::vector<float> alignment_matrix(const AttentionTrace& trace, std::span<const int32_t> trace_heads,
                                        const TracedText& text) override;
    std::vector<Choice> choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                      std::span<const int32_t> items, std::span<const TokenRule> rules) override;
    std::vector<float> logits(const Tensor& x, const Weight& norm, const Weight& table,
                              std::span<const int32_t> items) override;
    void copy_slot(SelfCache& cache, int from, int to, int positions) override;
    void release_idle_memory() override;

  private:
    static constexpr bool halves = sizeof(T) == 2;
    /// Weights and windows as i8, everything else as in float16.
    bool in_bytes() const { return info_.precision == Precision::int8_float16; }

    struct Rows {
        const float* x = nullptr;
        const int32_t* rows = nullptr;  // on the device; null: all in order
        int n = 0;
        const GpuWeight* norm = nullptr;
    };
    /// Everything of `call` but x, inputs and outputs is the caller's.
    void multiply(const Rows& rows, const GpuWeight& weight, LinearCall<T, T, float> call);
    template <typename X>
    void run_stem(const Tensor& mel, const GpuWeight& first, const GpuWeight& second, const GpuWeight& positions,
                  float* out);
    template <typename X, typename W, typename Out>
    void run_linear(const LinearCall<X, W, Out>& call);
    struct Windows {
        const WindowView* views = nullptr;
        int longest = 0;
        bool equal = true;
        AttentionReach reach;  // where work is counted
    };
    /// Keys and values of one layer of a window; x [t, d].
    void add_layer(GpuCrossCache<T>& cache, int layer, const T* x, const GpuWeight& weight);
    void hear(const Tensor& q, int heads, int layer, const Windows& windows, float* out,
              const ProbabilityTarget& target);
    Windows windows_of(std::span<const CrossCache* const> caches, int heads, int layer, int64_t d);
    const int32_t* slots_of_heads(std::span<const int32_t> heads_wanted, int heads);
    const float* compute_logits(const Tensor& x, const Weight& norm, const Weight& table,
                                std::span<const int32_t> items);
    const RuleView* upload_rules(std::span<const TokenRule> rules, int64_t vocabulary);

    cuda_packing::GpuPacker packer_;  // first: it refuses precisions before a device is opened
    Device device_;
    BackendInfo info_;
    MelTables mel_tables_;
    DeviceMemory samples_, mel_maxima_;
    DeviceMemory prepared_, stem_rows_, stem_hidden_, logits_, choices_, weights_, matrix_, scratch_;
    SentArray tokens_, positions_, slots_, views_, heads_, items_, bits_, rules_;
};

/// The device's side of a tensor; throws where it is another backend's or not of this shape.
float* data_of(const Tensor& tensor);
float* data_to_write(Tensor& tensor, const Shape& shape);
/// Heads of 64 only.
void check_heads(int64_t d, int heads);

}  // namespace ft::FT_GPU
