#include "machine_peaks.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "base/stopwatch.h"

namespace ft::bench {

namespace {

constexpr int64_t m = 768, n = 1536, k = 768;  // of one thread: large, and at home in its own caches by tiles
constexpr int repeats = 5;

/// Each thread calls oneDNN by itself, as the engine does.
void keep_to_this_thread() {
    auto* set_threads = reinterpret_cast<void (*)(int)>(::dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (set_threads != nullptr) set_threads(1);
}

/// Seconds of the best of several runs, each on all threads at once. `make` builds a thread's work, apart from the
/// time.
double best_seconds(int threads, const std::function<std::function<void()>()>& make) {
    std::vector<double> slowest(repeats, 0.0);
    std::vector<std::vector<double>> seconds(static_cast<size_t>(threads), std::vector<double>(repeats));
    std::atomic<int> arrived{0};
    std::vector<std::jthread> team;
    for (int t = 0; t < threads; ++t) {
        team.emplace_back([&, t] {
            keep_to_this_thread();
            const std::function<void()> work = make();
            work();
            for (int i = 0; i < repeats; ++i) {
                arrived.fetch_add(1);
                while (arrived.load() < (i + 1) * threads) std::this_thread::yield();
                const Stopwatch watch;
                work();
                seconds[static_cast<size_t>(t)][static_cast<size_t>(i)] = watch.seconds();
            }
        });
    }
    team.clear();
    for (const std::vector<double>& of_thread : seconds) {
        for (size_t i = 0; i < of_thread.size(); ++i) slowest[i] = std::max(slowest[i], of_thread[i]);
    }
    return *std::min_element(slowest.begin(), slowest.end());
}

std::function<void()> float32_product() {
    return [a = std::vector<float>(m * k, 0.5F), b = std::vector<float>(n * k, 0.25F),
            c = std::vector<float>(m * n)]() mutable {
        dnnl_sgemm('N', 'T', m, n, k, 1.0F, a.data(), k, b.data(), k, 0.0F, c.data(), n);
    };
}

std::function<void()> int8_product() {
    return [a = std::vector<uint8_t>(m * k, 3), b = std::vector<int8_t>(n * k, 5),
            c = std::vector<int32_t>(m * n)]() mutable {
        const int32_t no_offset = 0;
        dnnl_gemm_u8s8s32('N', 'T', 'F', m, n, k, 1.0F, a.data(), k, 0, b.data(), k, 0, 0.0F, c.data(), n, &no_offset);
    };
}

constexpr size_t words_read = size_t{64} << 20 >> 3;

std::function<void()> reading() {
    return [words = std::vector<uint64_t>(words_read, 1), sink = uint64_t{0}]() mutable {
        uint64_t sums[8] = {};
        for (size_t i = 0; i < words.size(); i += 8) {
            for (size_t lane = 0; lane < 8; ++lane) sums[lane] += words[i + lane];
        }
        for (const uint64_t sum : sums) sink += sum;
        // The sum must be seen by someone, or nothing is read.
        volatile uint64_t seen = sink;
        (void)seen;
    };
}

}  // namespace

MachinePeaks measure_peaks(int threads) {
    MachinePeaks peaks;
    const double product = 2.0 * m * n * k * threads * 1e-9;
    peaks.float32_gops = product / best_seconds(threads, float32_product);
    peaks.int8_gops = product / best_seconds(threads, int8_product);
    peaks.bandwidth_gbps = static_cast<double>(words_read * 8) * threads * 1e-9 / best_seconds(threads, reading);
    return peaks;
}

}  // namespace ft::bench
