#include "model/encoder.h"

#include "base/error.h"

namespace ft {

Encoder::Encoder(const WhisperModel& model, Backend& backend) : model_(model), backend_(backend) {
    const ModelConfig& config = model.config();
    const int64_t t = config.audio_positions, d = config.d_model;
    x_ = backend.empty({t, d});
    qkv_ = backend.empty({t, 3 * d});
    mixed_ = backend.empty({t, d});
    hidden_ = backend.empty({t, config.encoder_ffn});
    out_ = backend.empty({t, d});
}

void Encoder::run_layer(const EncoderLayer& layer) {
    backend_.linear(x_, layer.norm.get(), *layer.qkv, Activation::none, nullptr, qkv_);
    backend_.encoder_attention(qkv_, model_.config().encoder_heads, mixed_);
    backend_.linear(mixed_, nullptr, *layer.out, Activation::none, &x_, x_);
    backend_.linear(x_, layer.ffn.norm.get(), *layer.ffn.expand, Activation::gelu, nullptr, hidden_);
    backend_.linear(hidden_, nullptr, *layer.ffn.contract, Activation::none, &x_, x_);
}

Tensor Encoder::spectrogram_of(const WindowSound& sound) {
    const ModelConfig& config = model_.config();
    const int64_t frames = int64_t{2} * config.audio_positions;
    if (sound.is_samples) {
        Tensor mel = backend_.empty({config.n_mels, frames});
        backend_.log_mel(sound.values, mel);
        return mel;
    }
    if (static_cast<int64_t>(sound.values.size()) != config.n_mels * frames) {
        throw Error(ErrorCode::internal, "a log-mel window of {} values where {}×{} are due", sound.values.size(),
                    config.n_mels, frames);
    }
    return backend_.upload({config.n_mels, frames}, sound.values);
}

const Tensor& Encoder::encode(const WindowSound& sound) {
    const Tensor mel = spectrogram_of(sound);
    backend_.conv_stem(mel, *model_.conv1, *model_.conv2, *model_.encoder_positions, x_);
    for (const EncoderLayer& layer : model_.encoder) run_layer(layer);
    backend_.layer_norm(x_, *model_.encoder_norm, out_);
    return out_;
}

std::unique_ptr<CrossCache> Encoder::encode_for_decoder(const WindowSound& sound, int listeners) {
    const Tensor& encoded = encode(sound);
    std::vector<const Weight*> key_values;
    for (const DecoderLayer& layer : model_.decoder) key_values.push_back(layer.cross_kv.get());
    return backend_.make_cross_cache(encoded, key_values, model_.config().decoder_heads, listeners);
}

}  // namespace ft
