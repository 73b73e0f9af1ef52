// What an hour of audio in kb-whisper-small's shape should take on a chip that nobody has here, from the work that the
// kernels state themselves: of each kernel the longer of arithmetic and memory, and the launches.
//     gpu_model [--tflops F] [--float32_tflops F] [--gbps F] [--launch_us F] [--windows N] [--tokens N] [--rows N]
// The defaults are a T4 at its limit of 70 W: 25 TFLOPS on tensor cores, 250 of its 320 GB/s; 8.1 TFLOPS in float32 as
// its data sheet says; 4 µs a launch. What a cache could serve twice, waiting for the host, and the audio's own way to
// log-mel are not in it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "backends/cuda/cuda_backend.h"
#include "base/error.h"
#include "small_whisper.h"

namespace ft {
namespace {

struct Chip {
    double tflops = 25, float32_tflops = 8.1, gbps = 250, launch_us = 4;
};
struct Settings {
    Chip chip;
    int windows = 120, tokens = 110, rows = 64;
};
constexpr int32_t prompt = 4;  // start, language, task, no timestamps

bool on_tensor_cores(const std::string& kernel) {
    return kernel.find("mma") != std::string::npos || kernel.find("few_rows") != std::string::npos ||
           kernel.find("many_rows") != std::string::npos;
}

struct Estimate {
    double arithmetic_s = 0, memory_s = 0, launches_s = 0;
    double total_s() const { return std::max(arithmetic_s, memory_s) + launches_s; }
};

Estimate estimate(const std::string& kernel, const WorkLog::Kernel& done, const Chip& chip) {
    const double peak = on_tensor_cores(kernel) ? chip.tflops : chip.float32_tflops;
    return {done.work.flops / peak / 1e12, done.work.bytes / chip.gbps / 1e9,
            static_cast<double>(done.launches) * chip.launch_us / 1e6};
}

class Hour {
  public:
    Hour(const Settings& settings, Precision precision)
        : settings_(settings),
          backend_(cuda_standin::make_counting_backend({"cuda_standin", precision, 1, ""}, log_)),
          model_(*backend_, false) {}

    void print() {
        fmt::print(
            "\n{}\n\n| stage | kernel | launches | GFLOP | GB | arithmetic s | memory s | starting s | s |\n"
            "|---|---|---|---|---|---|---|---|---|\n",
            to_string(backend_->info().precision));
        stage("encoder", settings_.windows, [&] { encoded_ = model_.encode(backend_->empty({80, 3000})); });
        stage("keys and values", settings_.windows, [&] { window_ = model_.listen(encoded_); });
        const auto cache =
            backend_->make_self_cache(SmallWhisper::layers, settings_.rows, SmallWhisper::text_positions, 768);
        stage("decoder", 1, [&] {
            for (int left = settings_.windows; left > 0; left -= settings_.rows)
                decode(std::min(left, settings_.rows), *cache);
        });
        fmt::print("| **sum** | | | | | | | | **{:.2f}: {:.0f} × real time** |\n", total_s_,
                   settings_.windows * 30 / total_s_);
    }

  private:
    /// As many windows side by side, from their prompts to their ends.
    void decode(int rows, SelfCache& cache) {
        std::vector<std::unique_ptr<CrossCache>> windows;
        WorkLog aside;  // a window of its own for every row; making it was counted
        std::swap(aside, log_);
        for (int row = 0; row < rows; ++row) windows.push_back(model_.listen(encoded_));
        std::swap(aside, log_);
        for (int token = 0; token < settings_.tokens; ++token) {
            SmallWhisperStep step;
            for (int32_t row = 0; row < rows; ++row) {
                for (int32_t at = token == 0 ? 0 : prompt - 1 + token; at <= prompt - 1 + token; ++at) {
                    step.tokens.push_back(1000);
                    step.positions.push_back(at);
                    step.slots.push_back(row);
                    step.windows.push_back(windows[static_cast<size_t>(row)].get());
                }
                step.chosen.push_back(static_cast<int32_t>(step.tokens.size()) - 1);
            }
            model_.choose(step, model_.read(step, cache));
        }
    }

    template <typename Call>
    void stage(const char* name, int times, const Call& call) {
        log_ = {};
        call();
        double stage_s = 0;
        for (auto& [kernel, done] : log_.kernels) {
            done.launches *= times;
            done.work.flops *= times;
            done.work.bytes *= times;
            const Estimate e = estimate(kernel, done, settings_.chip);
            fmt::print("| {} | `{}` | {} | {:.1f} | {:.2f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n", name, kernel,
                       done.launches, done.work.flops / 1e9, done.work.bytes / 1e9, e.arithmetic_s, e.memory_s,
                       e.launches_s, e.total_s());
            stage_s += e.total_s();
        }
        fmt::print("| {} | all | | | | | | | {:.3f} |\n", name, stage_s);
        total_s_ += stage_s;
    }

    const Settings settings_;
    WorkLog log_;
    std::unique_ptr<Backend> backend_;
    SmallWhisper model_;
    Tensor encoded_;
    std::unique_ptr<CrossCache> window_;
    double total_s_ = 0;
};

Settings read_arguments(int count, char** arguments) {
    Settings settings;
    for (int i = 1; i < count; i += 2) {
        const std::string flag = arguments[i], text = i + 1 < count ? arguments[i + 1] : "";
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        if (text.empty() || *end != '\0' || !(value > 0 && value < 1e6))
            throw Error(ErrorCode::invalid_argument, "{} needs a number above 0, not '{}'", flag, text);
        Chip& chip = settings.chip;
        if (flag == "--tflops") {
            chip.tflops = value;
        } else if (flag == "--float32_tflops") {
            chip.float32_tflops = value;
        } else if (flag == "--gbps") {
            chip.gbps = value;
        } else if (flag == "--launch_us") {
            chip.launch_us = value;
        } else if (flag == "--windows" || flag == "--rows" || flag == "--tokens") {
            int& target = flag == "--windows" ? settings.windows : flag == "--rows" ? settings.rows : settings.tokens;
            target = static_cast<int>(value);
        } else {
            throw Error(ErrorCode::invalid_argument, "{}: no such flag; see the top of model.cpp", flag);
        }
    }
    if (settings.windows < 1 || settings.rows < 1 || settings.tokens < 1 || settings.tokens > 440)
        throw Error(ErrorCode::invalid_argument, "--windows and --rows are at least 1, --tokens 1 to 440");
    return settings;
}

void print_all(const Settings& settings) {
    const Chip& chip = settings.chip;
    fmt::print(
        "{} windows of 30 s, {} tokens each, {} rows; {} TFLOPS on tensor cores, {} in float32, {} GB/s, {} µs a "
        "launch\n",
        settings.windows, settings.tokens, settings.rows, chip.tflops, chip.float32_tflops, chip.gbps, chip.launch_us);
    for (const Precision precision : {Precision::float16, Precision::int8_float16, Precision::float32}) {
        try {
            Hour(settings, precision).print();
        } catch (const Error& error) {
            if (error.code() != ErrorCode::unsupported) throw;
            fmt::print("\n{}: {}\n", to_string(precision), error.what());
        }
    }
}

}  // namespace
}  // namespace ft

int main(int count, char** arguments) {
    try {
        ft::print_all(ft::read_arguments(count, arguments));
        return 0;
    } catch (const ft::Error& error) {
        fmt::print(stderr, "gpu_model: {}\n", error.what());
        return error.code() == ft::ErrorCode::invalid_argument ? 2 : 1;
    }
}
