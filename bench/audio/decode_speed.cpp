// decode_speed FILE…: how many times faster than real time each file becomes 16 kHz PCM, on one thread.
#include <chrono>
#include <cstdio>

#include "audio/audio_reader.h"
#include "base/error.h"

int main(int count, char** arguments) {
    int failed = count < 2 ? 2 : 0;
    if (count < 2) std::fprintf(stderr, "usage: decode_speed FILE...\n");
    for (int i = 1; i < count; ++i) {
        try {
            const auto start = std::chrono::steady_clock::now();
            const auto reader = ft::AudioReader::open(arguments[i]);
            std::vector<float> part;
            size_t samples = 0;
            while (reader->read(part, 1 << 16)) samples += part.size();
            const double taken_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            const double length_s = static_cast<double>(samples) / ft::sample_rate;
            const ft::AudioInfo& info = reader->info();
            std::printf("%s: %s in %s, %d Hz, %d channels: %.1f s in %.3f s, %.0f times real time\n", arguments[i],
                        info.codec.c_str(), info.container.c_str(), info.source_rate, info.channels, length_s, taken_s,
                        length_s / taken_s);
            for (const std::string& warning : reader->warnings()) std::printf("  warning: %s\n", warning.c_str());
        } catch (const ft::Error& error) {
            std::fprintf(stderr, "%s\n", error.what());
            failed = 1;
        }
    }
    return failed;
}
