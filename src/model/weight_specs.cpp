// Which weights a Whisper network has, under which name each is packed, and which tensors of a checkpoint make it.
#include "model/packed_model.h"

namespace ft {

namespace {

class SpecList {
  public:
    explicit SpecList(const ModelConfig& config) : d_(config.d_model) {}

    void conv1d(const std::string& name, const std::string& source, int64_t in) {
        add({name, WeightKind::conv1d, {d_, in, 3}, {source + ".weight"}, {source + ".bias"}});
    }
    void table(const std::string& name, WeightKind kind, const std::string& source, int64_t rows) {
        add({name, kind, {rows, d_}, {source + ".weight"}, {}});
    }
    void norm(const std::string& name, const std::string& source) {
        add({name, WeightKind::norm, {d_}, {source + ".weight"}, {source + ".bias"}});
    }
    void linear(const std::string& name, const std::string& source, int64_t out, int64_t in) {
        add({name, WeightKind::linear, {out, in}, {source + ".weight"}, {source + ".bias"}});
    }
    void qkv(const std::string& name, const std::string& source) {
        add({name,
             WeightKind::linear,
             {3 * d_, d_},
             {source + ".q_proj.weight", source + ".k_proj.weight", source + ".v_proj.weight"},
             {source + ".q_proj.bias", "", source + ".v_proj.bias"}});
    }
    void kv(const std::string& name, const std::string& source) {
        add({name,
             WeightKind::cross_kv,
             {2 * d_, d_},
             {source + ".k_proj.weight", source + ".v_proj.weight"},
             {"", source + ".v_proj.bias"}});
    }
    /// The norm before the two linear layers of a block, and these.
    void ffn(const std::string& name, const std::string& source, int64_t width) {
        norm(name + ".norm", source + ".final_layer_norm");
        linear(name + ".1", source + ".fc1", width, d_);
        linear(name + ".2", source + ".fc2", d_, width);
    }
    std::vector<WeightSpec> take() { return std::move(specs_); }

  private:
    void add(WeightSpec spec) { specs_.push_back(std::move(spec)); }

    int64_t d_;
    std::vector<WeightSpec> specs_;
};

}  // namespace

std::vector<WeightSpec> weight_specs(const ModelConfig& config) {
    const int64_t d = config.d_model;
    SpecList specs(config);
    specs.conv1d("encoder.conv1", "model.encoder.conv1", config.n_mels);
    specs.conv1d("encoder.conv2", "model.encoder.conv2", d);
    specs.table("encoder.positions", WeightKind::positions, "model.encoder.embed_positions", config.audio_positions);
    for (int i = 0; i < config.encoder_layers; ++i) {
        const std::string name = "encoder." + std::to_string(i), source = "model.encoder.layers." + std::to_string(i);
        specs.norm(name + ".attention.norm", source + ".self_attn_layer_norm");
        specs.qkv(name + ".attention.qkv", source + ".self_attn");
        specs.linear(name + ".attention.out", source + ".self_attn.out_proj", d, d);
        specs.ffn(name + ".ffn", source, config.encoder_ffn);
    }
    specs.norm("encoder.norm", "model.encoder.layer_norm");

    specs.table("decoder.embedding", WeightKind::embedding, "model.decoder.embed_tokens", config.vocabulary);
    specs.table("decoder.positions", WeightKind::positions, "model.decoder.embed_positions", config.text_positions);
    for (int i = 0; i < config.decoder_layers; ++i) {
        const std::string name = "decoder." + std::to_string(i), source = "model.decoder.layers." + std::to_string(i);
        specs.norm(name + ".self.norm", source + ".self_attn_layer_norm");
        specs.qkv(name + ".self.qkv", source + ".self_attn");
        specs.linear(name + ".self.out", source + ".self_attn.out_proj", d, d);
        specs.norm(name + ".cross.norm", source + ".encoder_attn_layer_norm");
        specs.linear(name + ".cross.q", source + ".encoder_attn.q_proj", d, d);
        specs.kv(name + ".cross.kv", source + ".encoder_attn");
        specs.linear(name + ".cross.out", source + ".encoder_attn.out_proj", d, d);
        specs.ffn(name + ".ffn", source, config.decoder_ffn);
    }
    specs.norm("decoder.norm", "model.decoder.layer_norm");
    return specs.take();
}

}  // namespace ft
