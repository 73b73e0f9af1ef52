#pragma once
// kb-whisper-small's shape as operations of a backend, without a checkpoint: for timing them and for counting their
// work.
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "tensor/backend.h"

namespace ft {

struct SmallWhisperLayer {
    WeightPtr norm, qkv, out, cross_q, cross_out, cross_kv, expand, contract;
};

/// Rows of a step: the items' tokens, positions and slots; those whose next token is wanted.
struct SmallWhisperStep {
    std::vector<int32_t> tokens, positions, slots, chosen;
    std::vector<const CrossCache*> windows;
};

/// Every layer has weights of its own, so that none stays in a cache that a real model's would not.
class SmallWhisper {
  public:
    static constexpr int64_t d = 768, heads = 12, ffn = 3072, mels = 80, positions = 1500, vocabulary = 51865;
    static constexpr int layers = 12, text_positions = 448;

    /// `random` false: zeros, for a backend that only counts.
    SmallWhisper(Backend& backend, bool random) : backend_(backend), with_values_(random) {
        conv1 = weight(WeightKind::conv1d, {d, mels, 3});
        conv2 = weight(WeightKind::conv1d, {d, d, 3});
        encoder_positions = weight(WeightKind::positions, {positions, d});
        decoder_positions = weight(WeightKind::positions, {text_positions, d});
        table = weight(WeightKind::embedding, {vocabulary, d});
        norm = weight(WeightKind::norm, {d});
        for (int i = 0; i < layers; ++i) {
            encoder.push_back(layer(false));
            decoder.push_back(layer(true));
        }
        for (const SmallWhisperLayer& each : decoder) cross_kv.push_back(each.cross_kv.get());
    }

    Tensor random(Shape shape) {
        const int64_t count = element_count(shape);
        return backend_.upload(std::move(shape), normals(count, 1.0F));
    }

    /// -> the encoder's output [positions, d]
    Tensor encode(const Tensor& mel) {
        Tensor x = backend_.empty({positions, d}), qkv = backend_.empty({positions, 3 * d}),
               mixed = backend_.empty({positions, d}), hidden = backend_.empty({positions, ffn});
        backend_.conv_stem(mel, *conv1, *conv2, *encoder_positions, x);
        for (const SmallWhisperLayer& layer : encoder) {
            backend_.linear(x, layer.norm.get(), *layer.qkv, Activation::none, nullptr, qkv);
            backend_.encoder_attention(qkv, heads, mixed);
            backend_.linear(mixed, nullptr, *layer.out, Activation::none, &x, x);
            backend_.linear(x, layer.norm.get(), *layer.expand, Activation::gelu, nullptr, hidden);
            backend_.linear(hidden, nullptr, *layer.contract, Activation::none, &x, x);
        }
        backend_.layer_norm(x, *norm, mixed);
        return mixed;
    }
    std::unique_ptr<CrossCache> listen(const Tensor& encoded) {
        return backend_.make_cross_cache(encoded, cross_kv, heads, 1);
    }

    /// Without the choice of tokens -> x [items, d]
    Tensor read(const SmallWhisperStep& step, SelfCache& cache) {
        const auto items = static_cast<int64_t>(step.tokens.size());
        Tensor x = backend_.empty({items, d}), qkv = backend_.empty({items, 3 * d}), q = backend_.empty({items, d}),
               mixed = backend_.empty({items, d}), hidden = backend_.empty({items, ffn});
        backend_.embed(*table, *decoder_positions, step.tokens, step.positions, x);
        for (int i = 0; i < layers; ++i) {
            const SmallWhisperLayer& layer = decoder[static_cast<size_t>(i)];
            backend_.linear(x, layer.norm.get(), *layer.qkv, Activation::none, nullptr, qkv);
            backend_.self_attention_step(qkv, heads, i, cache, step.slots, step.positions, mixed);
            backend_.linear(mixed, nullptr, *layer.out, Activation::none, &x, x);
            backend_.linear(x, layer.norm.get(), *layer.cross_q, Activation::none, nullptr, q);
            backend_.cross_attention_step(q, heads, i, step.windows, mixed, {}, nullptr);
            backend_.linear(mixed, nullptr, *layer.cross_out, Activation::none, &x, x);
            backend_.linear(x, layer.norm.get(), *layer.expand, Activation::gelu, nullptr, hidden);
            backend_.linear(hidden, nullptr, *layer.contract, Activation::none, &x, x);
        }
        return x;
    }
    std::vector<Choice> choose(const SmallWhisperStep& step, const Tensor& x) {
        return backend_.choose_tokens(x, *norm, *table, step.chosen, std::vector<TokenRule>(step.chosen.size()));
    }

    WeightPtr conv1, conv2, encoder_positions, decoder_positions, table, norm;
    std::vector<SmallWhisperLayer> encoder, decoder;
    std::vector<const Weight*> cross_kv;

  private:
    std::vector<float> normals(int64_t count, float deviation) {
        std::vector<float> values(static_cast<size_t>(count));
        if (!with_values_) return values;
        // Sums of uniform numbers: near enough to normal, and made fast.
        for (float& value : values) {
            const uint32_t bits = random_();
            value = (static_cast<float>(bits >> 16) + static_cast<float>(bits & 0xFFFFU) - 65535.0F) *
                    (deviation / 26754.0F);
        }
        return values;
    }
    WeightPtr weight(WeightKind kind, const Shape& shape) {
        const auto inputs = static_cast<float>(element_count(shape) / shape[0]);
        const std::vector<float> values =
            normals(element_count(shape), kind == WeightKind::norm ? 1.0F : 1.0F / std::sqrt(inputs));
        const HostTensor host{DType::f32, shape, std::as_bytes(std::span(values))};
        return backend_.bind(kind, shape, backend_.packer().pack(kind, host, {}));
    }
    SmallWhisperLayer layer(bool of_decoder) {
        SmallWhisperLayer layer;
        layer.norm = weight(WeightKind::norm, {d});
        layer.qkv = weight(WeightKind::linear, {3 * d, d});
        layer.out = weight(WeightKind::linear, {d, d});
        layer.expand = weight(WeightKind::linear, {ffn, d});
        layer.contract = weight(WeightKind::linear, {d, ffn});
        if (of_decoder) {
            layer.cross_q = weight(WeightKind::linear, {d, d});
            layer.cross_out = weight(WeightKind::linear, {d, d});
            layer.cross_kv = weight(WeightKind::cross_kv, {2 * d, d});
        }
        return layer;
    }

    Backend& backend_;
    const bool with_values_;
    std::mt19937 random_{1};
};

}  // namespace ft
