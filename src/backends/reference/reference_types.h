#pragma once
// What the reference keeps, and the backend class; each operation is in the .cpp file of its name.
#include <span>
#include <vector>

#include "base/error.h"
#include "features/log_mel.h"
#include "tensor/backend.h"

namespace ft::reference {

struct FloatStorage final : Storage {
    std::vector<float> values;
};

struct FloatWeight final : Weight {
    WeightKind kind = WeightKind::linear;
    Shape shape;
    std::vector<float> values;  // row-major
    std::vector<float> bias;    // [shape[0]]; empty for embedding and positions

    /// Row i of a weight whose further dimensions are taken as one.
    std::span<const float> row(int64_t i) const {
        const size_t width = values.size() / static_cast<size_t>(shape[0]);
        return std::span(values).subspan(static_cast<size_t>(i) * width, width);
    }
};

struct FloatCrossCache final : CrossCache {
    int heads = 0;
    int64_t positions = 0, d = 0;
    std::vector<std::vector<float>> keys, values;  // [layer][positions, d]
};

struct FloatSelfCache final : SelfCache {
    int layers = 0, rows = 0, positions = 0, d = 0;
    std::vector<float> keys, values;  // [layers, rows, positions, d]

    size_t at(int layer, int row, int position) const {
        return ((static_cast<size_t>(layer) * rows + row) * positions + position) * d;
    }
};

struct FloatAttentionTrace final : AttentionTrace {
    std::vector<std::vector<std::vector<float>>> probabilities;  // [head][item][T]; no items: not yet written
    size_t items = 0;
};

/// Error{internal} when an invariant of the seam is broken.
inline void check(bool holds, const char* what) {
    if (!holds) throw Error(ErrorCode::internal, "reference backend: {}", what);
}

const FloatWeight& as_float(const Weight& weight, WeightKind kind);
std::span<const float> values_of(const Tensor& tensor);
/// The values of row i of a tensor [n, d].
std::span<const float> row_of(const Tensor& tensor, int64_t i);
/// The values to write; throws unless `tensor` has exactly this shape.
std::span<float> values_to_write(Tensor& tensor, const Shape& shape);

class ReferencePacker final : public WeightPacker {
  public:
    const std::string& packing() const override { return packing_; }
    std::vector<std::byte> pack(WeightKind kind, const HostTensor& weight, const HostTensor& bias) const override;

  private:
    std::string packing_ = "reference-f32-v1";
};

class ReferenceBackend final : public Backend {
  public:
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

  private:
    BackendInfo info_{"reference", "one thread, plain loops", Precision::float32, false, ""};
    ReferencePacker packer_;
    std::unique_ptr<const LogMel> log_mel_;  // of the last number of bands
};

}  // namespace ft::reference
