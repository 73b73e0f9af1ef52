// Encoder operations of the CPU backend in whisper-base's shape, for every instruction set of this machine:
//     operations [THREADS]       prints milliseconds (best of five) and 10⁹ operations a second
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "base/error.h"
#include "base/stopwatch.h"
#include "random_layer.h"

namespace {

constexpr int64_t frames = 1500, d = 512, ffn = 2048;
constexpr int heads = 8;
using Layer = ft::bench::RandomLayer;

void report(const std::string& name, double operations, const std::function<void()>& run) {
    run();
    double best_s = 1e9;
    for (int i = 0; i < 5; ++i) {
        const ft::Stopwatch watch;
        run();
        best_s = std::min(best_s, watch.seconds());
    }
    fmt::print("  {:<10} {:8.2f} ms {:8.0f} GOP/s\n", name, best_s * 1e3, operations / best_s * 1e-9);
}

void measure(ft::Backend& backend) {
    const auto layer = [&](int64_t n, int64_t k) { return Layer(backend, ft::WeightKind::linear, n, k); };
    const Layer qkv = layer(3 * d, d), expand = layer(ffn, d), contract = layer(d, ffn);
    std::vector<float> values(static_cast<size_t>(frames * d));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 97) / 48.0F - 1.0F;
    const ft::Tensor x = backend.upload({frames, d}, values);
    ft::Tensor projected = backend.empty({frames, 3 * d}), hidden = backend.empty({frames, ffn}),
               out = backend.empty({frames, d});
    const auto linear = [&](const ft::Tensor& from, const Layer& layer, ft::Activation activation, ft::Tensor& to) {
        backend.linear(from, nullptr, *layer.weight, activation, nullptr, to);
    };
    report("qkv", 2.0 * frames * d * 3 * d, [&] { linear(x, qkv, ft::Activation::none, projected); });
    report("attention", 4.0 * frames * frames * d, [&] { backend.encoder_attention(projected, heads, out); });
    report("expand", 2.0 * frames * d * ffn, [&] { linear(x, expand, ft::Activation::gelu, hidden); });
    report("contract", 2.0 * frames * d * ffn, [&] { linear(hidden, contract, ft::Activation::none, out); });
}

}  // namespace

int main(int argc, char** argv) {
    const int threads = argc > 1 ? std::atoi(argv[1]) : 0;
    for (const char* set : {"sse2", "avx2", "avx512", "avx512-vnni"}) {
        for (const ft::Precision precision : {ft::Precision::int8, ft::Precision::float32}) {
            try {
                const auto backend = ft::make_backend({"cpu", precision, threads, set});
                fmt::print("{}, {}\n", backend->info().device, ft::to_string(precision));
                measure(*backend);
            } catch (const ft::Error& error) {
                fmt::print("{}: {}\n", set, error.what());
            }
        }
    }
}
