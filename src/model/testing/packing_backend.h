#pragma once
// A backend for tests of the packed file: it can pack, and nothing else.
#include "base/error.h"
#include "tensor/backend.h"

namespace ft {

/// Packed bytes: the weight's numbers, then the bias's, as f32.
class PackingBackend final : public Backend {
  public:
    explicit PackingBackend(const std::string& packing = "test-1") { info_.packing = packing; }
    const BackendInfo& info() const override { return info_; }
    std::vector<std::byte> pack(WeightKind, const HostTensor& weight, const HostTensor& bias) const override {
        std::vector<std::byte> packed(weight.bytes.begin(), weight.bytes.end());
        packed.insert(packed.end(), bias.bytes.begin(), bias.bytes.end());
        return packed;
    }
    WeightPtr bind(WeightKind, const Shape&, std::span<const std::byte>) override { return none<WeightPtr>(); }
    Tensor empty(Shape) override { return none<Tensor>(); }
    Tensor upload(Shape, std::span<const float>) override { return none<Tensor>(); }
    std::vector<float> read(const Tensor&) override { return none<std::vector<float>>(); }
    void log_mel(std::span<const float>, Tensor&) override { none<int>(); }
    void conv_stem(const Tensor&, const Weight&, const Weight&, const Weight&, Tensor&) override { none<int>(); }
    void layer_norm(const Tensor&, const Weight&, Tensor&) override { none<int>(); }
    void linear(const Tensor&, const Weight*, const Weight&, Activation, const Tensor*, Tensor&) override {
        none<int>();
    }
    void encoder_attention(const Tensor&, int, Tensor&) override { none<int>(); }
    std::unique_ptr<CrossCache> make_cross_cache(const Tensor&, std::span<const Weight* const>, int, int) override {
        return none<std::unique_ptr<CrossCache>>();
    }
    std::unique_ptr<SelfCache> make_self_cache(int, int, int, int) override {
        return none<std::unique_ptr<SelfCache>>();
    }
    void embed(const Weight&, const Weight&, std::span<const int32_t>, std::span<const int32_t>, Tensor&) override {
        none<int>();
    }
    void self_attention_step(const Tensor&, int, int, SelfCache&, std::span<const int32_t>, std::span<const int32_t>,
                             Tensor&) override {
        none<int>();
    }
    void cross_attention_step(const Tensor&, int, int, std::span<const CrossCache* const>, Tensor&,
                              std::span<const int32_t>, std::vector<float>*) override {
        none<int>();
    }
    std::unique_ptr<AttentionTrace> make_attention_trace(int64_t, int) override {
        return none<std::unique_ptr<AttentionTrace>>();
    }
    void cross_attention_trace(const Tensor&, int, int, std::span<const CrossCache* const>, std::span<const int32_t>,
                               AttentionTrace&, int, Tensor&) override {
        none<int>();
    }
    std::vector<float> alignment_matrix(const AttentionTrace&, std::span<const int32_t>, const TracedText&) override {
        return none<std::vector<float>>();
    }
    std::vector<Choice> choose_tokens(const Tensor&, const Weight&, const Weight&, std::span<const int32_t>,
                                      std::span<const TokenRule>) override {
        return none<std::vector<Choice>>();
    }
    std::vector<float> logits(const Tensor&, const Weight&, const Weight&, std::span<const int32_t>) override {
        return none<std::vector<float>>();
    }
    void copy_slot(SelfCache&, int, int, int) override { none<int>(); }

  private:
    template <typename T>
    static T none() {
        throw Error(ErrorCode::internal, "the packing backend only packs");
    }
    BackendInfo info_;
};

}  // namespace ft
