#pragma once
// A backend that hands everything to another one, for tests to change what they want changed.
#include <utility>

#include "tensor/backend.h"

namespace ft {

class ForwardingBackend : public Backend {
  public:
    explicit ForwardingBackend(std::unique_ptr<Backend> inner) : inner_(std::move(inner)) {}

    const BackendInfo& info() const override { return inner_->info(); }
    const WeightPacker& packer() const override { return inner_->packer(); }
    WeightPtr bind(WeightKind kind, const Shape& shape, std::span<const std::byte> packed) override {
        return inner_->bind(kind, shape, packed);
    }
    Tensor empty(Shape shape) override { return inner_->empty(std::move(shape)); }
    Tensor upload(Shape shape, std::span<const float> values) override {
        return inner_->upload(std::move(shape), values);
    }
    std::vector<float> read(const Tensor& tensor) override { return inner_->read(tensor); }
    void log_mel(std::span<const float> pcm, Tensor& out) override { inner_->log_mel(pcm, out); }
    void release_idle_memory() override { inner_->release_idle_memory(); }
    void conv_stem(const Tensor& mel, const Weight& conv1, const Weight& conv2, const Weight& positions,
                   Tensor& out) override {
        inner_->conv_stem(mel, conv1, conv2, positions, out);
    }
    void layer_norm(const Tensor& x, const Weight& norm, Tensor& out) override { inner_->layer_norm(x, norm, out); }
    void linear(const Tensor& x, const Weight* norm, const Weight& weight, Activation activation,
                const Tensor* residual, Tensor& out) override {
        inner_->linear(x, norm, weight, activation, residual, out);
    }
    void encoder_attention(const Tensor& qkv, int heads, Tensor& out) override {
        inner_->encoder_attention(qkv, heads, out);
    }
    std::unique_ptr<CrossCache> make_cross_cache(const Tensor& encoded, std::span<const Weight* const> kv_weights,
                                                 int heads, int listeners) override {
        return inner_->make_cross_cache(encoded, kv_weights, heads, listeners);
    }
    std::unique_ptr<SelfCache> make_self_cache(int layers, int rows, int positions, int d) override {
        return inner_->make_self_cache(layers, rows, positions, d);
    }
    void embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
               std::span<const int32_t> position, Tensor& out) override {
        inner_->embed(table, positions, tokens, position, out);
    }
    void self_attention_step(const Tensor& qkv, int heads, int layer, SelfCache& cache, std::span<const int32_t> slots,
                             std::span<const int32_t> positions, Tensor& out) override {
        inner_->self_attention_step(qkv, heads, layer, cache, slots, positions, out);
    }
    void cross_attention_step(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                              Tensor& out, std::span<const int32_t> heads_wanted,
                              std::vector<float>* weights) override {
        inner_->cross_attention_step(q, heads, layer, caches, out, heads_wanted, weights);
    }
    std::unique_ptr<AttentionTrace> make_attention_trace(int64_t items, int heads) override {
        return inner_->make_attention_trace(items, heads);
    }
    void cross_attention_trace(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                               std::span<const int32_t> heads_wanted, AttentionTrace& trace, int first_head,
                               Tensor& out) override {
        inner_->cross_attention_trace(q, heads, layer, caches, heads_wanted, trace, first_head, out);
    }
    std::vector<float> alignment_matrix(const AttentionTrace& trace, std::span<const int32_t> trace_heads,
                                        const TracedText& text) override {
        return inner_->alignment_matrix(trace, trace_heads, text);
    }
    std::vector<Choice> choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                      std::span<const int32_t> items, std::span<const TokenRule> rules) override {
        return inner_->choose_tokens(x, norm, table, items, rules);
    }
    std::vector<float> logits(const Tensor& x, const Weight& norm, const Weight& table,
                              std::span<const int32_t> items) override {
        return inner_->logits(x, norm, table, items);
    }
    void copy_slot(SelfCache& cache, int from, int to, int positions) override {
        inner_->copy_slot(cache, from, to, positions);
    }

  private:
    std::unique_ptr<Backend> inner_;
};

}  // namespace ft
