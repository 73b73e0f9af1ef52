#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace ft::bench {

namespace {

/// Seconds that no engine of this machine could stay under: for the arithmetic, or for the memory.
double roof_s(const Cost& cost, const MachinePeaks& peaks) {
    const double gops = cost.work.integers ? peaks.int8_gops : peaks.float32_gops;
    return std::max(cost.work.operations * 1e-9 / gops, cost.work.bytes * 1e-9 / peaks.bandwidth_gbps);
}

std::string stage(const std::string& name, double seconds, const Transcript& transcript, const std::string& remark) {
    return fmt::format("{:<34} {:9.3f} s {:6.1f} % {:8.0f} ×   {}\n", name, seconds,
                       100.0 * seconds / transcript.timings.total, transcript.duration_s / seconds, remark);
}

}  // namespace

std::string profile_report(const Transcript& transcript, const Costs& costs, const MachinePeaks& peaks,
                           double writing_s) {
    const Timings& timings = transcript.timings;
    double in_operations = 0;
    for (const auto& [name, cost] : costs) in_operations += cost.seconds;
    std::string text = fmt::format("{:.1f} s of audio in {:.2f} s, {:.1f} × real time\n", transcript.duration_s,
                                   timings.total, transcript.duration_s / timings.total);
    text += fmt::format(
        "this machine at most: float32 {:.0f}, int8 {:.0f} × 10⁹ operations/s; memory {:.1f} GB/s\n\n{:<34} {:>11} "
        "{:>8} "
        "{:>10}\n",
        peaks.float32_gops, peaks.int8_gops, peaks.bandwidth_gbps, "stage", "time", "share", "real time");
    text += stage("audio: decoding, resampling", timings.audio, transcript, "beside the engine");
    text += stage("voice activity", timings.vad, transcript, "beside the engine");
    text += stage("log-mel", timings.mel, transcript, "beside the engine");
    text += stage("encoder", timings.encoder, transcript, "");
    text += stage("decoder", timings.decoder, transcript, "");
    text += stage("  rules, queues, tokens, text", timings.encoder + timings.decoder - in_operations, transcript,
                  "of encoder and decoder, outside the operations below");
    text += stage("engine waits for windows", timings.total - timings.encoder - timings.decoder, transcript, "");
    text += stage("all formats written", writing_s, transcript, "after the run");

    text += fmt::format("\n{:<34} {:>7} {:>10} {:>8} {:>8} {:>7} {:>10} {:>9}\n", "operation", "calls", "time", "share",
                        "GOP/s", "GB/s", "roof", "of roof");
    std::vector<std::pair<std::string, Cost>> sorted(costs.begin(), costs.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
    for (const auto& [name, cost] : sorted) {
        const double roof = roof_s(cost, peaks);
        text += fmt::format("{:<34} {:7} {:8.1f} ms {:6.1f} % {:8.0f} {:7.1f} {:7.1f} ms {:7.0f} %\n", name, cost.calls,
                            1e3 * cost.seconds, 100.0 * cost.seconds / timings.total,
                            cost.work.operations * 1e-9 / cost.seconds, cost.work.bytes * 1e-9 / cost.seconds,
                            1e3 * roof, 100.0 * roof / cost.seconds);
    }
    return text;
}

}  // namespace ft::bench
