#include "backends/cpu/cpu_backend.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "backends/cpu/attention_trace.h"
#include "backends/cpu/choose_tokens.h"
#include "backends/cpu/cross_attention.h"
#include "backends/cpu/encoder_attention.h"
#include "backends/cpu/self_attention.h"
#include "features/log_mel.h"

namespace ft {

namespace cpu {
namespace {

std::string processor_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
            return line.substr(line.find(": ") + 2);
    }
    return "x86-64";
}

class CpuBackend : public Backend {
  public:
    explicit CpuBackend(const BackendOptions& options)
        : packer_(options.precision),
          engine_(choose_kernels(options.instruction_set), options.precision, options.threads) {
        info_.name = "cpu";
        info_.device =
            fmt::format("{} ({}, {} threads)", processor_name(), engine_.kernels.name, engine_.pool.threads());
        info_.precision = options.precision;
        info_.libraries = "oneDNN " + onednn_version();
    }

    const BackendInfo& info() const override { return info_; }

    const WeightPacker& packer() const override { return packer_; }
    WeightPtr bind(WeightKind kind, const Shape& shape, std::span<const std::byte> packed) override {
        return bind_weight(kind, shape, packed, engine_.precision);
    }

    Tensor empty(Shape shape) override {
        auto storage = std::make_unique<FloatStorage>();
        storage->values = allocate<float>(element_count(shape));
        return {std::move(shape), std::move(storage)};
    }
    Tensor upload(Shape shape, std::span<const float> values) override {
        if (element_count(shape) != static_cast<int64_t>(values.size()))
            throw Error(ErrorCode::internal, "values do not fit the tensor");
        Tensor tensor = empty(std::move(shape));
        std::copy(values.begin(), values.end(), data(tensor));
        return tensor;
    }
    std::vector<float> read(const Tensor& tensor) override {
        const float* values = data(tensor);
        return {values, values + element_count(tensor.shape)};
    }

    void log_mel(std::span<const float> pcm, Tensor& out) override {
        if (out.shape.size() != 2 || out.cols() != window_frames)
            throw Error(ErrorCode::internal, "log_mel: the output is no spectrogram of a window");
        const auto n_mels = static_cast<int>(out.rows());
        if (!log_mel_ || log_mel_->n_mels() != n_mels) log_mel_ = std::make_unique<const LogMel>(n_mels);
        const std::vector<float> values = log_mel_->compute(pcm);
        std::copy(values.begin(), values.end(), data(out));
    }

    void conv_stem(const Tensor& mel, const Weight& conv1, const Weight& conv2, const Weight& positions,
                   Tensor& out) override {
        const CpuWeight& first = cpu_weight(conv1);
        const CpuWeight& second = cpu_weight(conv2);
        const int64_t mels = mel.shape[0], frames = mel.shape[1], d = first.n, t = out.rows();
        // Frames become rows with a row of zeros at both ends: three neighbours lie side by side, and a convolution is
        // a product over overlapping rows.
        float* input = stem_input_.get((frames + 2) * mels);
        float* hidden = stem_hidden_.get((frames + 2) * d);
        std::fill_n(input, mels, 0.0F);
        std::fill_n(input + (frames + 1) * mels, mels, 0.0F);
        std::fill_n(hidden, d, 0.0F);
        std::fill_n(hidden + (frames + 1) * d, d, 0.0F);
        for (int64_t m = 0; m < mels; ++m) {
            const float* row = data(mel) + m * frames;
            for (int64_t f = 0; f < frames; ++f) input[(f + 1) * mels + m] = row[f];
        }
        linear(engine_, {input, frames, mels}, nullptr, first, true, nullptr, hidden + d);
        linear(engine_, {hidden, t, 2 * d}, nullptr, second, true, nullptr, data(out));
        engine_.kernels.axpy(1.0F, cpu_weight(positions).values, data(out), t * d);
    }

    void layer_norm(const Tensor& x, const Weight& norm, Tensor& out) override {
        const CpuWeight& w = cpu_weight(norm);
        for (int64_t r = 0; r < x.rows(); ++r)
            engine_.kernels.layer_norm(data(x) + r * w.n, w.values, w.bias, data(out) + r * w.n, w.n);
    }

    void linear(const Tensor& x, const Weight* norm, const Weight& weight, Activation activation,
                const Tensor* residual, Tensor& out) override {
        linear(engine_, {data(x), x.rows(), x.cols()}, norm == nullptr ? nullptr : &cpu_weight(*norm),
               cpu_weight(weight), activation == Activation::gelu, residual == nullptr ? nullptr : data(*residual),
               data(out));
    }

    void encoder_attention(const Tensor& qkv, int heads, Tensor& out) override {
        cpu::encoder_attention(engine_, data(qkv), qkv.rows(), out.cols(), heads, data(out));
    }

    std::unique_ptr<CrossCache> make_cross_cache(const Tensor& encoded, std::span<const Weight* const> kv_weights,
                                                 int heads, int listeners) override {
        return cpu::make_cross_cache(engine_, data(encoded), encoded.rows(), encoded.cols(), kv_weights, heads,
                                     listeners);
    }

    std::unique_ptr<SelfCache> make_self_cache(int layers, int rows, int positions, int d) override {
        return std::make_unique<CpuSelfCache>(layers, rows, positions, d);
    }

    void embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
               std::span<const int32_t> position, Tensor& out) override {
        const CpuWeight& words = cpu_weight(table);
        const CpuWeight& places = cpu_weight(positions);
        for (size_t i = 0; i < tokens.size(); ++i) {
            float* row = data(out) + static_cast<int64_t>(i) * words.k;
            std::copy_n(places.values + position[i] * words.k, words.k, row);
            if (words.is_int8) {
                const int64_t column = tokens[i];
                const int8_t* blocks = words.int8.blocks + column / block_columns * block_columns * words.int8.k +
                                       column % block_columns * group_depth;
                for (int64_t k = 0; k < words.k; ++k) {
                    row[k] +=
                        words.int8.scale[column] *
                        static_cast<float>(blocks[k / group_depth * group_depth * block_columns + k % group_depth]);
                }
            } else {
                for (int64_t k = 0; k < words.k; ++k) row[k] += words.values[tokens[i] * words.k + k];
            }
        }
    }

    void self_attention_step(const Tensor& qkv, int heads, int layer, SelfCache& cache, std::span<const int32_t> slots,
                             std::span<const int32_t> positions, Tensor& out) override {
        cpu::self_attention_step(engine_, data(qkv), heads, layer, static_cast<CpuSelfCache&>(cache), slots, positions,
                                 data(out));
    }

    void cross_attention_step(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                              Tensor& out, std::span<const int32_t> heads_wanted,
                              std::vector<float>* weights) override {
        cpu::cross_attention_step(engine_, data(q), q.cols(), heads, layer, caches, data(out), heads_wanted, weights);
    }

    std::unique_ptr<AttentionTrace> make_attention_trace(int64_t items, int heads) override {
        return std::make_unique<CpuAttentionTrace>(items, heads);
    }

    void cross_attention_trace(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                               std::span<const int32_t> heads_wanted, AttentionTrace& trace, int first_head,
                               Tensor& out) override {
        std::vector<float> block;
        cross_attention_step(q, heads, layer, caches, out, heads_wanted, &block);
        static_cast<CpuAttentionTrace&>(trace).add(first_head, static_cast<int>(heads_wanted.size()), std::move(block));
    }

    std::vector<float> alignment_matrix(const AttentionTrace& trace, std::span<const int32_t> trace_heads,
                                        const TracedText& text) override {
        std::vector<float> matrix(static_cast<size_t>(text.size * text.frames));
        cpu::alignment_matrix(engine_, static_cast<const CpuAttentionTrace&>(trace), trace_heads, text, matrix.data());
        return matrix;
    }

    std::vector<float> logits(const Tensor& x, const Weight& norm, const Weight& table,
                              std::span<const int32_t> items) override {
        std::vector<float> result(items.size() * static_cast<size_t>(cpu_weight(table).n));
        compute_logits(x, norm, table, items, result.data());
        return result;
    }

    std::vector<Choice> choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                      std::span<const int32_t> items, std::span<const TokenRule> rules) override {
        const int64_t vocabulary = cpu_weight(table).n;
        float* values = logits_.get(static_cast<int64_t>(items.size()) * vocabulary);
        compute_logits(x, norm, table, items, values);
        std::vector<Choice> choices(items.size());
        engine_.pool.run(static_cast<int64_t>(items.size()), [&](int64_t i, int) {
            choices[i] = choose_token(engine_.kernels, rules[i], values + i * vocabulary, vocabulary);
        });
        return choices;
    }

    void copy_slot(SelfCache& cache, int from, int to, int positions) override {
        static_cast<CpuSelfCache&>(cache).copy(from, to, positions);
    }

  private:
    static void linear(Engine& engine, const Rows& x, const CpuWeight* norm, const CpuWeight& weight, bool gelu,
                       const float* residual, float* out) {
        cpu::linear(engine, x, norm, weight, gelu, residual, out);
    }

    void compute_logits(const Tensor& x, const Weight& norm, const Weight& table, std::span<const int32_t> items,
                        float* out) {
        const CpuWeight& words = cpu_weight(table);
        float* rows = chosen_rows_.get(static_cast<int64_t>(items.size()) * words.k);
        for (size_t i = 0; i < items.size(); ++i)
            std::copy_n(data(x) + items[i] * words.k, words.k, rows + static_cast<int64_t>(i) * words.k);
        linear(engine_, {rows, static_cast<int64_t>(items.size()), words.k}, &cpu_weight(norm), words, false, nullptr,
               out);
    }

    CpuPacker packer_;  // first: it refuses what the CPU cannot do
    Engine engine_;
    BackendInfo info_;
    std::unique_ptr<const LogMel> log_mel_;  // of the last number of bands
    Scratch<float> stem_input_, stem_hidden_, logits_, chosen_rows_;
};

}  // namespace
}  // namespace cpu

std::unique_ptr<Backend> make_cpu_backend(const BackendOptions& options) {
    return std::make_unique<cpu::CpuBackend>(options);
}

std::unique_ptr<WeightPacker> make_cpu_packer(Precision precision) {
    return std::make_unique<cpu::CpuPacker>(precision);
}

}  // namespace ft
