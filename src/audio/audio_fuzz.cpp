// Any bytes as an audio file: an Error or samples, never more. Build with the `fuzz` preset.
#include <algorithm>

#include "audio/audio_stream.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr size_t limit = 120 * ft::sample_rate;  // a few bytes may rightly stand for hours of silence
    try {
        const auto reader =
            ft::open_audio(ft::memory_source("fuzz", std::string(reinterpret_cast<const char*>(data), size)));
        std::vector<float> part;
        size_t count = 0;
        while (count < limit && reader->read(part, 1 << 14)) {
            count += part.size();
            if (std::any_of(part.begin(), part.end(), [](float sample) { return !(sample >= -1 && sample <= 1); })) {
                __builtin_trap();
            }
        }
    } catch (const ft::Error&) {
    }
    return 0;
}
