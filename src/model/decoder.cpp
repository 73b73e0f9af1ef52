#include "model/decoder.h"

#include "base/error.h"

namespace ft {

Decoder::Decoder(const WhisperModel& model, Backend& backend, int slots)
    : model_(model), backend_(backend), slots_(slots), capture_heads_(model.decoder.size()) {
    const ModelConfig& config = model.config();
    cache_ = backend.make_self_cache(config.decoder_layers, slots, config.text_positions, config.d_model);
}

void Decoder::run_layer(int index, std::span<const int32_t> slots, std::span<const int32_t> positions,
                        std::span<const CrossCache* const> windows) {
    const DecoderLayer& layer = model_.decoder[static_cast<size_t>(index)];
    const int heads = model_.config().decoder_heads;
    backend_.linear(x_, layer.self_norm.get(), *layer.self_qkv, Activation::none, nullptr, qkv_);
    backend_.self_attention_step(qkv_, heads, index, *cache_, slots, positions, mixed_);
    backend_.linear(mixed_, nullptr, *layer.self_out, Activation::none, &x_, x_);
    backend_.linear(x_, layer.cross_norm.get(), *layer.cross_q, Activation::none, nullptr, query_);
    backend_.cross_attention_step(query_, heads, index, windows, mixed_, capture_heads_[static_cast<size_t>(index)],
                                  &captured_);
    backend_.linear(mixed_, nullptr, *layer.cross_out, Activation::none, &x_, x_);
    backend_.linear(x_, layer.ffn.norm.get(), *layer.ffn.expand, Activation::gelu, nullptr, hidden_);
    backend_.linear(hidden_, nullptr, *layer.ffn.contract, Activation::none, &x_, x_);
}

void Decoder::step(std::span<const DecoderInput> inputs) {
    const ModelConfig& config = model_.config();
    const auto n = static_cast<int64_t>(inputs.size());
    std::vector<int32_t> tokens, positions, slots;
    std::vector<const CrossCache*> windows;
    for (const DecoderInput& input : inputs) {
        if (input.token < 0 || input.token >= config.vocabulary || input.position < 0 ||
            input.position >= config.text_positions || input.slot < 0 || input.slot >= slots_ ||
            input.window == nullptr) {
            throw Error(ErrorCode::internal, "a decoder input is out of range: token {}, position {}, slot {}",
                        input.token, input.position, input.slot);
        }
        tokens.push_back(input.token);
        positions.push_back(input.position);
        slots.push_back(input.slot);
        windows.push_back(input.window);
    }
    if (x_.rows() != n) {
        const int64_t d = config.d_model;
        x_ = backend_.empty({n, d});
        qkv_ = backend_.empty({n, 3 * d});
        mixed_ = backend_.empty({n, d});
        query_ = backend_.empty({n, d});
        hidden_ = backend_.empty({n, config.decoder_ffn});
    }
    captured_.clear();
    backend_.embed(*model_.embedding, *model_.decoder_positions, tokens, positions, x_);
    for (int layer = 0; layer < config.decoder_layers; ++layer) run_layer(layer, slots, positions, windows);
}

std::vector<Choice> Decoder::choose(std::span<const int32_t> items, std::span<const TokenRule> rules) {
    return backend_.choose_tokens(x_, *model_.decoder_norm, *model_.embedding, items, rules);
}

std::vector<float> Decoder::logits(std::span<const int32_t> items) {
    return backend_.logits(x_, *model_.decoder_norm, *model_.embedding, items);
}

void Decoder::copy_slot(int from, int to, int positions) {
    backend_.copy_slot(*cache_, from, to, positions);
}

void Decoder::capture(std::vector<std::pair<int, int>> heads) {
    for (auto& layer : capture_heads_) layer.clear();
    for (const auto& [layer, head] : heads) {
        if (layer < 0 || layer >= model_.config().decoder_layers || head < 0 || head >= model_.config().decoder_heads) {
            throw Error(ErrorCode::invalid_argument, "the model has no decoder head {} in layer {}", head, layer);
        }
        capture_heads_[static_cast<size_t>(layer)].push_back(head);
    }
}

}  // namespace ft
