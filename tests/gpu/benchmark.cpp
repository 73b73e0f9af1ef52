// Times the GPU engine's operations and whole stages in kb-whisper-small's shape, with random weights made here. Prints
// one JSON object: seconds, FLOPs and bytes of memory an operation, and their share of the peaks given by the caller.
//     gpu_benchmark [--device_index N] [--compute_type float16|float32] [--peak_tflops F] [--peak_gbps F] [--seconds S]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>

#include "backends/cuda/cuda_backend.h"
#include "base/error.h"

namespace ft {
namespace {

constexpr int64_t d = 768, heads = 12, ffn = 3072, mels = 80, positions = 1500, vocabulary = 51865;
constexpr int layers = 12, tokens = 110, rows = 64;

struct Settings {
    BackendOptions backend{"cuda", Precision::float16, 0, ""};
    double peak_tflops = 0, peak_gbps = 0, seconds = 1;
};

struct Layer {
    WeightPtr norm, qkv, out, cross_q, cross_out, cross_kv, expand, contract;
};

/// The engine with random weights. Every layer has its own, so that none stays in a cache that a real model's would
/// not.
class Model {
  public:
    explicit Model(Backend& backend) : backend_(backend) {
        conv1 = weight(WeightKind::conv1d, {d, mels, 3});
        conv2 = weight(WeightKind::conv1d, {d, d, 3});
        encoder_positions = weight(WeightKind::positions, {positions, d});
        text_positions = weight(WeightKind::positions, {448, d});
        table = weight(WeightKind::embedding, {vocabulary, d});
        norm = weight(WeightKind::norm, {d});
        for (int i = 0; i < layers; ++i) {
            encoder.push_back(layer(false));
            decoder.push_back(layer(true));
        }
    }

    std::vector<float> normals(int64_t count, float deviation) {
        std::vector<float> values(static_cast<size_t>(count));
        // Sums of uniform numbers: near enough to normal, and made fast.
        for (float& value : values) {
            const uint32_t bits = random_();
            value = (static_cast<float>(bits >> 16) + static_cast<float>(bits & 0xFFFFU) - 65535.0F) *
                    (deviation / 26754.0F);
        }
        return values;
    }

    WeightPtr conv1, conv2, encoder_positions, text_positions, table, norm;
    std::vector<Layer> encoder, decoder;

  private:
    WeightPtr weight(WeightKind kind, const Shape& shape) {
        const auto inputs = static_cast<float>(element_count(shape) / shape[0]);
        const std::vector<float> values =
            normals(element_count(shape), kind == WeightKind::norm ? 1.0F : 1.0F / std::sqrt(inputs));
        const HostTensor host{DType::f32, shape, std::as_bytes(std::span(values))};
        return backend_.bind(kind, shape, backend_.pack(kind, host, {}));
    }
    Layer layer(bool of_decoder) {
        Layer layer;
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
    std::mt19937 random_{1};
};

class Benchmark {
  public:
    explicit Benchmark(const Settings& settings)
        : settings_(settings), backend_(cuda::make_backend(settings.backend)), model_(*backend_) {}

    void run() {
        fmt::print(
            "{{\"device\": \"{}\", \"libraries\": \"{}\", \"compute_type\": \"{}\", \"rows\": {}, "
            "\"tokens\": {},\n \"operations\": [\n",
            backend_->info().device, backend_->info().libraries, to_string(settings_.backend.precision), rows, tokens);
        operations();
        const double window = encode_window(), step = decode_step();
        const double hour = 120 * window + step * tokens * 120 / rows;
        fmt::print("\n ],\n \"hour_of_audio_s\": {:.4f}, \"times_real_time\": {:.0f}}}\n", hour, 3600 / hour);
    }

  private:
    Tensor random(Shape shape) {
        const int64_t count = element_count(shape);
        return backend_->upload(std::move(shape), model_.normals(count, 1.0F));
    }

    /// Seconds a call, of as many as fit into the time.
    double time(const std::function<void()>& call) {
        const Tensor mark = backend_->upload({1}, std::vector<float>{0.0F});
        const auto measure = [&](int count) {
            backend_->read(mark);
            const auto begin = std::chrono::steady_clock::now();
            for (int i = 0; i < count; ++i) call();
            backend_->read(mark);
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / count;
        };
        const double once = std::min(measure(2), measure(2));
        return measure(std::clamp(static_cast<int>(settings_.seconds / once), 2, 5000));
    }

    double report(const char* name, double flops, double bytes, const std::function<void()>& call) {
        const double seconds = time(call);
        const auto share = [&](double done, double peak) {
            return peak > 0 ? fmt::format("{:.3f}", done / seconds / peak) : std::string("null");
        };
        fmt::print(
            "{}  {{\"name\": \"{}\", \"seconds\": {:.3e}, \"flops\": {:.3e}, \"bytes\": {:.3e}, "
            "\"share_of_peak_flops\": {}, \"share_of_peak_bandwidth\": {}}}",
            first_ ? "" : ",\n", name, seconds, flops, bytes, share(flops, settings_.peak_tflops * 1e12),
            share(bytes, settings_.peak_gbps * 1e9));
        first_ = false;
        return seconds;
    }

    double weight_bytes(double count) const {
        return count * (settings_.backend.precision == Precision::float32 ? 4 : 2);
    }

    void operations() {
        const Tensor x = random({positions, d}), hidden = random({positions, ffn}), qkv = random({positions, 3 * d});
        Tensor wide = backend_->empty({positions, ffn}), narrow = backend_->empty({positions, d});
        const Layer& layer = model_.encoder[0];
        const double product = 2.0 * positions * d * ffn;
        report("linear 1500x768 to 3072, norm, gelu", product, weight_bytes(d * ffn) + 4.0 * positions * (d + ffn),
               [&] { backend_->linear(x, layer.norm.get(), *layer.expand, Activation::gelu, nullptr, wide); });
        report("linear 1500x3072 to 768, residual", product, weight_bytes(d * ffn) + 4.0 * positions * (2 * d + ffn),
               [&] { backend_->linear(hidden, nullptr, *layer.contract, Activation::none, &narrow, narrow); });
        report("encoder_attention", 4.0 * positions * positions * d, 16.0 * positions * d,
               [&] { backend_->encoder_attention(qkv, heads, narrow); });
        report("layer_norm", 8.0 * positions * d, 8.0 * positions * d,
               [&] { backend_->layer_norm(x, *model_.norm, narrow); });
    }

    double encode_window() {
        const Tensor mel = random({mels, 2 * positions});
        std::vector<const Weight*> kv;
        for (const Layer& layer : model_.decoder) kv.push_back(layer.cross_kv.get());
        Tensor x = backend_->empty({positions, d}), qkv = backend_->empty({positions, 3 * d}),
               mixed = backend_->empty({positions, d}), hidden = backend_->empty({positions, ffn});
        const auto encode = [&] {
            backend_->conv_stem(mel, *model_.conv1, *model_.conv2, *model_.encoder_positions, x);
            for (const Layer& layer : model_.encoder) {
                backend_->linear(x, layer.norm.get(), *layer.qkv, Activation::none, nullptr, qkv);
                backend_->encoder_attention(qkv, heads, mixed);
                backend_->linear(mixed, nullptr, *layer.out, Activation::none, &x, x);
                backend_->linear(x, layer.norm.get(), *layer.expand, Activation::gelu, nullptr, hidden);
                backend_->linear(hidden, nullptr, *layer.contract, Activation::none, &x, x);
            }
            backend_->layer_norm(x, *model_.norm, mixed);
            window_ = backend_->make_cross_cache(mixed, kv, heads, 1);
        };
        return report("a window: encoder and cross-attention's cache", 386.5e9, weight_bytes(88e6 + 14e6), encode);
    }

    /// At the middle of a text, so that the average is met.
    double decode_step() {
        std::vector<int32_t> slots, at(rows, tokens / 2), words, items;
        std::vector<const CrossCache*> windows(rows, window_.get());
        std::vector<std::unique_ptr<CrossCache>> own;
        for (int32_t i = 0; i < rows; ++i) {
            slots.push_back(i);
            items.push_back(i);
            words.push_back(1000 + i);
        }
        std::vector<const Weight*> kv;
        for (const Layer& layer : model_.decoder) kv.push_back(layer.cross_kv.get());
        const Tensor encoded = random({positions, d});
        for (int i = 0; i < rows; ++i) {
            own.push_back(backend_->make_cross_cache(encoded, kv, heads, 1));
            windows[static_cast<size_t>(i)] = own.back().get();
        }
        const auto cache = backend_->make_self_cache(layers, rows, 448, static_cast<int>(d));
        Tensor x = backend_->empty({rows, d}), qkv = backend_->empty({rows, 3 * d}), q = backend_->empty({rows, d}),
               mixed = backend_->empty({rows, d}), hidden = backend_->empty({rows, ffn});
        const std::vector<TokenRule> rules(rows);
        const auto step = [&] {
            backend_->embed(*model_.table, *model_.text_positions, words, at, x);
            for (int i = 0; i < layers; ++i) {
                const Layer& layer = model_.decoder[static_cast<size_t>(i)];
                backend_->linear(x, layer.norm.get(), *layer.qkv, Activation::none, nullptr, qkv);
                backend_->self_attention_step(qkv, heads, i, *cache, slots, at, mixed);
                backend_->linear(mixed, nullptr, *layer.out, Activation::none, &x, x);
                backend_->linear(x, layer.norm.get(), *layer.cross_q, Activation::none, nullptr, q);
                backend_->cross_attention_step(q, heads, i, windows, mixed, {}, nullptr);
                backend_->linear(mixed, nullptr, *layer.cross_out, Activation::none, &x, x);
                backend_->linear(x, layer.norm.get(), *layer.expand, Activation::gelu, nullptr, hidden);
                backend_->linear(hidden, nullptr, *layer.contract, Activation::none, &x, x);
            }
        };
        for (int32_t past = 0; past < tokens / 2; ++past) {  // what is attended to must be numbers
            std::fill(at.begin(), at.end(), past);
            step();
        }
        std::fill(at.begin(), at.end(), tokens / 2);
        const double bytes = weight_bytes(139e6) + rows * weight_bytes(layers * 2.0 * d * (positions + tokens / 2.0));
        return report("a decoder's step, 64 rows", rows * 2.0 * 139e6, bytes, [&] {
            step();
            choices_ = backend_->choose_tokens(x, *model_.norm, *model_.table, items, rules);
        });
    }

    const Settings settings_;
    std::unique_ptr<Backend> backend_;
    Model model_;
    std::unique_ptr<CrossCache> window_;
    std::vector<Choice> choices_;
    bool first_ = true;
};

Settings read_arguments(int count, char** arguments) {
    Settings settings;
    for (int i = 1; i < count; i += 2) {
        const std::string flag = arguments[i], value = i + 1 < count ? arguments[i + 1] : "";
        const auto number = [&] {
            char* end = nullptr;
            const double result = std::strtod(value.c_str(), &end);
            if (value.empty() || *end != '\0' || !(result >= 0))
                throw Error(ErrorCode::invalid_argument, "{} needs a number", flag);
            return result;
        };
        if (flag == "--device_index") {
            settings.backend.device_index = static_cast<int>(number());
        } else if (flag == "--peak_tflops") {
            settings.peak_tflops = number();
        } else if (flag == "--peak_gbps") {
            settings.peak_gbps = number();
        } else if (flag == "--seconds") {
            settings.seconds = number();
        } else if (flag == "--compute_type" && (value == "float16" || value == "float32")) {
            settings.backend.precision = value == "float16" ? Precision::float16 : Precision::float32;
        } else {
            throw Error(ErrorCode::invalid_argument, "{} {}: no such flag or value; see the top of benchmark.cpp", flag,
                        value);
        }
    }
    return settings;
}

}  // namespace
}  // namespace ft

int main(int count, char** arguments) {
    try {
        ft::Benchmark(ft::read_arguments(count, arguments)).run();
        return 0;
    } catch (const ft::Error& error) {
        fmt::print(stderr, "{}\n", error.what());
        return error.code() == ft::ErrorCode::invalid_argument ? 2 : 1;
    }
}
