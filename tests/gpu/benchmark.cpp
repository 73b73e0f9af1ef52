// Times the GPU engine's operations and whole stages in kb-whisper-small's shape, with random weights made here. Prints
// one JSON object: seconds, FLOPs and bytes of memory an operation, and their share of the peaks given by the caller.
//     gpu_benchmark [--device_index N] [--compute_type float16|int8_float16|float32] [--peak_tflops F] [--peak_gbps F]
//     [--seconds S]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>

#include "backends/cuda/cuda_backend.h"
#include "base/error.h"
#include "small_whisper.h"

namespace ft {
namespace {

constexpr int tokens = 110, rows = 64;
using Small = SmallWhisper;

struct Settings {
    BackendOptions backend{"cuda", Precision::float16, 0, ""};
    double peak_tflops = 0, peak_gbps = 0, seconds = 1;
};

class Benchmark {
  public:
    explicit Benchmark(const Settings& settings)
        : settings_(settings), backend_(cuda::make_backend(settings.backend, &log_)), model_(*backend_, true) {}

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

    /// FLOPs and bytes are those that the kernels of one call state.
    double report(const char* name, const std::function<void()>& call) {
        log_ = {};
        call();
        const WorkLog once = log_;
        log_.counting = false;
        const double seconds = time(call);
        KernelWork sum;
        std::string kernels;
        for (const auto& [kernel, done] : once.kernels) {
            sum.flops += done.work.flops;
            sum.bytes += done.work.bytes;
            kernels +=
                fmt::format("{}{{\"name\": \"{}\", \"launches\": {}, \"flops\": {:.4e}, \"bytes\": {:.4e}}}",
                            kernels.empty() ? "" : ", ", kernel, done.launches, done.work.flops, done.work.bytes);
        }
        const auto share = [&](double done, double peak) {
            return peak > 0 ? fmt::format("{:.3f}", done / seconds / peak) : std::string("null");
        };
        fmt::print(
            "{}  {{\"name\": \"{}\", \"seconds\": {:.3e}, \"flops\": {:.4e}, \"bytes\": {:.4e}, "
            "\"share_of_peak_flops\": {}, \"share_of_peak_bandwidth\": {},\n   \"kernels\": [{}]}}",
            first_ ? "" : ",\n", name, seconds, sum.flops, sum.bytes, share(sum.flops, settings_.peak_tflops * 1e12),
            share(sum.bytes, settings_.peak_gbps * 1e9), kernels);
        first_ = false;
        return seconds;
    }

    void operations() {
        constexpr int64_t n = Small::positions, d = Small::d, ffn = Small::ffn;
        const Tensor x = model_.random({n, d}), hidden = model_.random({n, ffn}), qkv = model_.random({n, 3 * d});
        Tensor wide = backend_->empty({n, ffn}), triple = backend_->empty({n, 3 * d}), narrow = model_.random({n, d});
        const SmallWhisperLayer& layer = model_.encoder[0];
        const std::vector<float> pcm(480000, 0.01F);
        Tensor mel = backend_->empty({Small::mels, 2 * n});
        report("log_mel of 30 s", [&] { backend_->log_mel(pcm, mel); });
        report("linear 1500x768 to 2304, norm",
               [&] { backend_->linear(x, layer.norm.get(), *layer.qkv, Activation::none, nullptr, triple); });
        report("linear 1500x768 to 3072, norm, gelu",
               [&] { backend_->linear(x, layer.norm.get(), *layer.expand, Activation::gelu, nullptr, wide); });
        report("linear 1500x3072 to 768, residual",
               [&] { backend_->linear(hidden, nullptr, *layer.contract, Activation::none, &x, narrow); });
        report("encoder_attention", [&] { backend_->encoder_attention(qkv, Small::heads, narrow); });
        report("layer_norm", [&] { backend_->layer_norm(x, *model_.norm, narrow); });
    }

    double encode_window() {
        const Tensor mel = model_.random({Small::mels, 2 * Small::positions});
        return report("a window: encoder and cross-attention's cache",
                      [&] { window_ = model_.listen(model_.encode(mel)); });
    }

    /// At the middle of a text, so that the average is met; every row has a window of its own.
    double decode_step() {
        const Tensor encoded = model_.random({Small::positions, Small::d});
        std::vector<std::unique_ptr<CrossCache>> windows;
        SmallWhisperStep step;
        for (int32_t i = 0; i < rows; ++i) {
            windows.push_back(model_.listen(encoded));
            step.windows.push_back(windows.back().get());
            step.slots.push_back(i);
            step.chosen.push_back(i);
            step.tokens.push_back(1000 + i);
        }
        const auto cache =
            backend_->make_self_cache(Small::layers, rows, Small::text_positions, static_cast<int>(Small::d));
        for (int32_t past = 0; past < tokens / 2; ++past) {  // what is attended to must be numbers
            step.positions.assign(rows, past);
            model_.read(step, *cache);
        }
        step.positions.assign(rows, tokens / 2);
        const double seconds =
            report("a decoder's step, 64 rows", [&] { choices_ = model_.choose(step, model_.read(step, *cache)); });
        const Tensor q = model_.random({rows, Small::d});
        Tensor heard = backend_->empty({rows, Small::d});
        // Every layer in turn: one alone could stay in a cache.
        report("cross-attention, 64 rows, 12 layers", [&] {
            for (int layer = 0; layer < Small::layers; ++layer)
                backend_->cross_attention_step(q, Small::heads, layer, step.windows, heard, {}, nullptr);
        });
        return seconds;
    }

    const Settings settings_;
    WorkLog log_;
    std::unique_ptr<Backend> backend_;
    SmallWhisper model_;
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
        } else if (flag == "--compute_type" && (value == "float16" || value == "int8_float16" || value == "float32")) {
            settings.backend.precision = value == "float16"   ? Precision::float16
                                         : value == "float32" ? Precision::float32
                                                              : Precision::int8_float16;
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
