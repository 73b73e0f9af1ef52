#include "profiled_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/stopwatch.h"

namespace ft::bench {

namespace {

double count(const Tensor& tensor) {
    return static_cast<double>(element_count(tensor.shape));
}

class ProfiledBackend : public Backend {
  public:
    ProfiledBackend(std::unique_ptr<Backend> backend, Costs& costs) : inner_(std::move(backend)), costs_(costs) {}

    const BackendInfo& info() const override { return inner_->info(); }

    const WeightPacker& packer() const override { return inner_->packer(); }

    WeightPtr bind(WeightKind kind, const Shape& shape, std::span<const std::byte> packed) override {
        WeightPtr weight = inner_->bind(kind, shape, packed);
        weights_[weight.get()] = {shape, static_cast<double>(packed.size())};
        return weight;
    }

    Tensor empty(Shape shape) override { return inner_->empty(std::move(shape)); }
    Tensor upload(Shape shape, std::span<const float> values) override {
        return inner_->upload(std::move(shape), values);
    }
    std::vector<float> read(const Tensor& tensor) override { return inner_->read(tensor); }

    void log_mel(std::span<const float> pcm, Tensor& out) override {
        measure("log-mel", {0, 4.0 * (static_cast<double>(pcm.size()) + count(out))},
                [&] { inner_->log_mel(pcm, out); });
    }

    void conv_stem(const Tensor& mel, const Weight& conv1, const Weight& conv2, const Weight& positions,
                   Tensor& out) override {
        frames_ = out.rows();
        const double d = static_cast<double>(out.cols()), mels = static_cast<double>(mel.rows());
        const double operations = 2.0 * 3.0 * d * static_cast<double>(frames_) * (2.0 * mels + d);
        measure("encoder conv stem", {operations, bytes_of(conv1) + bytes_of(conv2) + 4.0 * (count(mel) + count(out))},
                [&] { inner_->conv_stem(mel, conv1, conv2, positions, out); });
    }

    void layer_norm(const Tensor& x, const Weight& norm, Tensor& out) override {
        measure(phase(x) + " layer norm", {0, 4.0 * (count(x) + count(out))},
                [&] { inner_->layer_norm(x, norm, out); });
    }

    void linear(const Tensor& x, const Weight* norm, const Weight& weight, Activation activation,
                const Tensor* residual, Tensor& out) override {
        const Shape& shape = weights_.at(&weight).shape;
        const std::string name = fmt::format("{} {}→{}{}{}{}", phase(x), shape[1], shape[0], norm ? ", norm" : "",
                                             activation == Activation::gelu ? ", gelu" : "", residual ? ", add" : "");
        const Work work{2.0 * count(x) * static_cast<double>(shape[0]),
                        bytes_of(weight) + 4.0 * (count(x) + count(out)), true};
        measure(name, work, [&] { inner_->linear(x, norm, weight, activation, residual, out); });
    }

    void encoder_attention(const Tensor& qkv, int heads, Tensor& out) override {
        const Work work{4.0 * static_cast<double>(qkv.rows()) * count(out), 4.0 * (count(qkv) + count(out)), true};
        measure("encoder attention", work, [&] { inner_->encoder_attention(qkv, heads, out); });
    }

    std::unique_ptr<CrossCache> make_cross_cache(const Tensor& encoded, std::span<const Weight* const> kv_weights,
                                                 int heads, int listeners) override {
        std::unique_ptr<CrossCache> cache;
        measure("cross-attention cache", {0, 5.0 * count(encoded)},
                [&] { cache = inner_->make_cross_cache(encoded, kv_weights, heads, listeners); });
        return cache;
    }

    std::unique_ptr<SelfCache> make_self_cache(int layers, int rows, int positions, int d) override {
        return inner_->make_self_cache(layers, rows, positions, d);
    }

    void embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
               std::span<const int32_t> position, Tensor& out) override {
        measure("decoder embedding", {0, 12.0 * count(out)},
                [&] { inner_->embed(table, positions, tokens, position, out); });
    }

    void self_attention_step(const Tensor& qkv, int heads, int layer, SelfCache& cache, std::span<const int32_t> slots,
                             std::span<const int32_t> positions, Tensor& out) override {
        double seen = 0;
        for (const int32_t position : positions) seen += position + 1;
        seen *= static_cast<double>(out.cols());
        measure("decoder self-attention", {4.0 * seen, 8.0 * seen + 4.0 * (count(qkv) + count(out))},
                [&] { inner_->self_attention_step(qkv, heads, layer, cache, slots, positions, out); });
    }

    void cross_attention_step(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                              Tensor& out, std::span<const int32_t> heads_wanted,
                              std::vector<float>* weights) override {
        measure("decoder cross-attention", cross_work(q, caches),
                [&] { inner_->cross_attention_step(q, heads, layer, caches, out, heads_wanted, weights); });
    }

    std::unique_ptr<AttentionTrace> make_attention_trace(int64_t items, int heads) override {
        return inner_->make_attention_trace(items, heads);
    }

    void cross_attention_trace(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                               std::span<const int32_t> heads_wanted, AttentionTrace& trace, int first_head,
                               Tensor& out) override {
        measure("word times: cross-attention", cross_work(q, caches),
                [&] { inner_->cross_attention_trace(q, heads, layer, caches, heads_wanted, trace, first_head, out); });
    }

    std::vector<float> alignment_matrix(const AttentionTrace& trace, std::span<const int32_t> trace_heads,
                                        const TracedText& text) override {
        std::vector<float> matrix;
        const double bytes =
            4.0 * static_cast<double>(text.size * text.frames) * static_cast<double>(trace_heads.size());
        measure("word times: alignment matrix", {0, bytes},
                [&] { matrix = inner_->alignment_matrix(trace, trace_heads, text); });
        return matrix;
    }

    std::vector<Choice> choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                      std::span<const int32_t> items, std::span<const TokenRule> rules) override {
        std::vector<Choice> choices;
        measure("decoder logits and choice", logits_work(table, items),
                [&] { choices = inner_->choose_tokens(x, norm, table, items, rules); });
        return choices;
    }

    std::vector<float> logits(const Tensor& x, const Weight& norm, const Weight& table,
                              std::span<const int32_t> items) override {
        std::vector<float> values;
        measure("decoder logits (language)", logits_work(table, items),
                [&] { values = inner_->logits(x, norm, table, items); });
        return values;
    }

    void copy_slot(SelfCache& cache, int from, int to, int positions) override {
        measure("decoder copy of a slot", {}, [&] { inner_->copy_slot(cache, from, to, positions); });
    }

  private:
    struct Bound {
        Shape shape;
        double bytes = 0;
    };

    /// The encoder's products have a window's positions as rows; a step of the decoder has never as many.
    std::string phase(const Tensor& x) const { return x.rows() == frames_ ? "encoder" : "decoder"; }

    double bytes_of(const Weight& weight) const { return weights_.at(&weight).bytes; }

    bool in_integers() const { return inner_->info().precision == Precision::int8; }

    /// In 8 bits, one matrix [T, d] serves as keys and values of all layers; in 32 bits, each layer has two.
    Work cross_work(const Tensor& q, std::span<const CrossCache* const> caches) const {
        const std::set<const CrossCache*> windows(caches.begin(), caches.end());
        const double heard = static_cast<double>(frames_) * static_cast<double>(q.cols());
        return {4.0 * heard * static_cast<double>(q.rows()),
                heard * static_cast<double>(windows.size()) * (in_integers() ? 1.0 : 8.0) + 8.0 * count(q), true};
    }

    Work logits_work(const Weight& table, std::span<const int32_t> items) const {
        const double entries = static_cast<double>(element_count(weights_.at(&table).shape));
        return {2.0 * entries * static_cast<double>(items.size()), entries * (in_integers() ? 1.0 : 4.0), true};
    }

    template <typename Run>
    void measure(const std::string& name, const Work& work, Run&& run) {
        const Stopwatch watch;
        run();
        Cost& cost = costs_[name];
        cost.seconds += watch.seconds();
        ++cost.calls;
        cost.work.operations += work.operations;
        cost.work.bytes += work.bytes;
        cost.work.integers = work.integers && in_integers();
    }

    std::unique_ptr<Backend> inner_;
    Costs& costs_;
    std::map<const Weight*, Bound> weights_;
    int64_t frames_ = 0;
};

}  // namespace

std::unique_ptr<Backend> make_profiled_backend(std::unique_ptr<Backend> backend, Costs& costs) {
    return std::make_unique<ProfiledBackend>(std::move(backend), costs);
}

}  // namespace ft::bench
