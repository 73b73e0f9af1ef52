// What the real program needs does not grow with the length of its input.
#include "e2e_fixture.h"

namespace ft {
namespace {

TEST_F(E2eTest, MemoryStaysFlat) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const auto peak_mb = [&](int seconds) {
        write_long_wav(samples()[0].audio, folder_ / "long.wav", seconds);
        // Decoded once: a recording that repeats itself looks like a loop and would climb the ladder.
        const auto child =
            start({"--model", model().string(), "--temperature", "0", "-q", "-f", "json", "-o", "out", "long.wav"});
        EXPECT_EQ(child->wait(), 0) << child->err();
        return static_cast<double>(child->peak_kb()) / 1024;
    };
    const double short_mb = peak_mb(240), long_mb = peak_mb(1200);
    RecordProperty("peak_mb", std::to_string(short_mb) + ", " + std::to_string(long_mb));
    EXPECT_LT(long_mb, short_mb + 30) << "16 minutes of audio more";
    EXPECT_LT(long_mb, 500);
}

}  // namespace
}  // namespace ft
