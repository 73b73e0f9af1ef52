#include "model/decoder.h"

#include "base/error.h"

namespace ft {

Decoder::Decoder(const WhisperModel& model, Backend& backend, int slots)
    : model_(model), backend_(backend), slots_(slots) {
    const ModelConfig& config = model.config();
    cache_ = backend.make_self_cache(config.decoder_layers, slots, config.text_positions, config.d_model);
}

/// Up to the query of the attention over the sound.
void Decoder::attend_to_text(int index, const Items& items) {
    const DecoderLayer& layer = model_.decoder[static_cast<size_t>(index)];
    const int heads = model_.config().decoder_heads;
    backend_.linear(x_, layer.self_norm.get(), *layer.self_qkv, Activation::none, nullptr, qkv_);
    backend_.self_attention_step(qkv_, heads, index, *cache_, items.slots, items.positions, mixed_);
    backend_.linear(mixed_, nullptr, *layer.self_out, Activation::none, &x_, x_);
    backend_.linear(x_, layer.cross_norm.get(), *layer.cross_q, Activation::none, nullptr, query_);
}

/// From its result to the end of the layer.
void Decoder::leave_attention(int index) {
    const DecoderLayer& layer = model_.decoder[static_cast<size_t>(index)];
    backend_.linear(mixed_, nullptr, *layer.cross_out, Activation::none, &x_, x_);
    backend_.linear(x_, layer.ffn.norm.get(), *layer.ffn.expand, Activation::gelu, nullptr, hidden_);
    backend_.linear(hidden_, nullptr, *layer.ffn.contract, Activation::none, &x_, x_);
}

Decoder::Items Decoder::read(std::span<const DecoderInput> inputs) {
    const ModelConfig& config = model_.config();
    const auto n = static_cast<int64_t>(inputs.size());
    Items items;
    std::vector<int32_t> tokens;
    for (const DecoderInput& input : inputs) {
        if (input.token < 0 || input.token >= config.vocabulary || input.position < 0 ||
            input.position >= config.text_positions || input.slot < 0 || input.slot >= slots_ ||
            input.window == nullptr) {
            throw Error(ErrorCode::internal, "a decoder input is out of range: token {}, position {}, slot {}",
                        input.token, input.position, input.slot);
        }
        tokens.push_back(input.token);
        items.positions.push_back(input.position);
        items.slots.push_back(input.slot);
        items.windows.push_back(input.window);
    }
    if (x_.rows() != n) {
        const int64_t d = config.d_model;
        x_ = {};  // the others may not follow for lack of memory: it comes last, and says that all are there
        qkv_ = backend_.empty({n, 3 * d});
        mixed_ = backend_.empty({n, d});
        query_ = backend_.empty({n, d});
        hidden_ = backend_.empty({n, config.decoder_ffn});
        x_ = backend_.empty({n, d});
    }
    backend_.embed(*model_.embedding, *model_.decoder_positions, tokens, items.positions, x_);
    return items;
}

void Decoder::step(std::span<const DecoderInput> inputs) {
    const ModelConfig& config = model_.config();
    const Items items = read(inputs);
    for (int layer = 0; layer < config.decoder_layers; ++layer) {
        attend_to_text(layer, items);
        backend_.cross_attention_step(query_, config.decoder_heads, layer, items.windows, mixed_, {}, nullptr);
        leave_attention(layer);
    }
}

std::unique_ptr<AttentionTrace> Decoder::trace(std::span<const DecoderInput> inputs,
                                               std::span<const std::pair<int, int>> heads) {
    const ModelConfig& config = model_.config();
    if (heads.empty()) throw Error(ErrorCode::invalid_argument, "no head to trace");
    for (size_t i = 0; i < heads.size(); ++i) {
        const auto [layer, head] = heads[i];
        if (layer < 0 || layer >= config.decoder_layers || head < 0 || head >= config.decoder_heads)
            throw Error(ErrorCode::invalid_argument, "the model has no decoder head {} in layer {}", head, layer);
        if (i > 0 && layer < heads[i - 1].first)
            throw Error(ErrorCode::internal, "the heads to trace do not ascend by layer");
    }
    const Items items = read(inputs);
    auto trace = backend_.make_attention_trace(static_cast<int64_t>(inputs.size()), static_cast<int>(heads.size()));
    size_t next = 0;
    for (int layer = 0; layer <= heads.back().first; ++layer) {
        const size_t first = next;
        std::vector<int32_t> wanted;
        for (; next < heads.size() && heads[next].first == layer; ++next) wanted.push_back(heads[next].second);
        attend_to_text(layer, items);
        if (wanted.empty()) {
            backend_.cross_attention_step(query_, config.decoder_heads, layer, items.windows, mixed_, {}, nullptr);
        } else {
            backend_.cross_attention_trace(query_, config.decoder_heads, layer, items.windows, wanted, *trace,
                                           static_cast<int>(first), mixed_);
        }
        if (next < heads.size()) leave_attention(layer);
    }
    return trace;
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

}  // namespace ft
