// feed_speed [--threads N] [--vad FILE] [--samples] FILE…: how many times faster than real time each file becomes
// windows for the encoder: reading, decoding, voice activity (FILE: silero_vad_16k.safetensors), cutting, and log-mel
// unless the backend wants samples.
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <string>

#include "base/error.h"
#include "base/stopwatch.h"
#include "transcriber/window_feeder.h"

namespace {

void feed(const std::string& file, const ft::TranscribeOptions& options, const ft::LogMel* log_mel) {
    const ft::Stopwatch watch;
    std::counting_semaphore<> bell(0);
    ft::WindowFeeder feeder(file, options, log_mel, {}, 8, [&] { bell.release(); });
    double first_s = 0;
    int windows = 0;
    while (!feeder.exhausted()) {
        bell.acquire();
        while (feeder.next()) {
            if (windows++ == 0) first_s = watch.seconds();
        }
    }
    const ft::FeedSummary& summary = feeder.finish();
    const double taken_s = watch.seconds();
    std::printf(
        "%s, %d threads: %.1f s in %.3f s, %.0f times real time; %d windows, the first after %.0f ms; reading "
        "%.0f, voice activity %.0f, log-mel %.0f ms\n",
        file.c_str(), options.audio_threads, summary.duration_s, taken_s, summary.duration_s / taken_s, windows,
        1e3 * first_s, 1e3 * summary.audio_s, 1e3 * summary.vad_s, 1e3 * summary.mel_s);
}

}  // namespace

int main(int count, char** arguments) {
    ft::TranscribeOptions options;
    const ft::LogMel log_mel(80);
    bool samples = false;
    int failed = 2;
    for (int i = 1; i < count; ++i) {
        const std::string argument = arguments[i];
        if (argument == "--threads" && i + 1 < count) {
            options.audio_threads = std::atoi(arguments[++i]);
        } else if (argument == "--vad" && i + 1 < count) {
            options.vad_model = arguments[++i];
        } else if (argument == "--samples") {
            samples = true;
        } else {
            failed = failed == 2 ? 0 : failed;
            try {
                feed(argument, options, samples ? nullptr : &log_mel);
            } catch (const ft::Error& error) {
                std::fprintf(stderr, "%s\n", error.what());
                failed = 1;
            }
        }
    }
    if (failed == 2) std::fprintf(stderr, "usage: feed_speed [--threads N] [--vad FILE] [--samples] FILE...\n");
    return failed;
}
