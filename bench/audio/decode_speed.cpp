// decode_speed [--threads N] FILE…: how many times faster than real time each file becomes 16 kHz PCM.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "audio/audio_reader.h"
#include "base/error.h"

int main(int count, char** arguments) {
    int first = 1;
    int threads = 1;
    if (count > 2 && std::strcmp(arguments[1], "--threads") == 0) {
        threads = std::atoi(arguments[2]);
        first = 3;
    }
    int failed = count <= first ? 2 : 0;
    if (failed != 0) std::fprintf(stderr, "usage: decode_speed [--threads N] FILE...\n");
    for (int i = first; i < count; ++i) {
        try {
            const auto start = std::chrono::steady_clock::now();
            const auto reader = ft::AudioReader::open(arguments[i], {ft::ChannelReading::mix, threads});
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
