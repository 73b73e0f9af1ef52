#include "features/log_mel.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "speech/test_signal.h"
#include "suite.h"

namespace ft::conformance {
namespace {

namespace ts = test_signal;

FT_CONFORMANCE_SUITE(LogMelConformance);

std::vector<float> log_mel(Backend& backend, const std::vector<float>& pcm, int64_t n_mels) {
    Tensor out = backend.empty({n_mels, window_frames});
    backend.log_mel(pcm, out);
    return backend.read(out);
}

/// The last digit of the logarithm apart, nothing may depend on the backend or its precision.
void expect_near(const std::vector<float>& got, const std::vector<float>& expected, const std::string& what) {
    ASSERT_EQ(got.size(), expected.size()) << what;
    float largest = 0;
    for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_TRUE(std::isfinite(got[i])) << what << ": band " << i / window_frames << ", frame " << i % window_frames;
        largest = std::max(largest, std::fabs(got[i] - expected[i]));
    }
    EXPECT_LE(largest, 1e-4F) << what;
}

TEST_P(LogMelConformance, EqualsTheReference) {
    // A tone at full scale over noise 80 dB below it: the transform must not lift the noise.
    std::vector<float> tone = ts::tone(window_samples, 1234.5, 0.999);
    const std::vector<float> hiss = ts::noise(window_samples, 3, 0.0002);
    for (size_t i = 0; i < tone.size(); ++i) tone[i] += hiss[i];
    struct Case {
        const char* name;
        std::vector<float> pcm;
        int64_t n_mels;
    };
    for (const auto& [name, pcm, n_mels] :
         {Case{"a full window of speech, 128 bands", ts::speech_like(window_samples, 1), 128},
          Case{"a loud tone over quiet noise", tone, 80}, Case{"two seconds", ts::speech_like(32037, 2), 80},
          Case{"noise to the last sample but one", ts::noise(window_samples - 1, 4, 0.3), 80}}) {
        expect_near(log_mel(*tested, pcm, n_mels), log_mel(*truth, pcm, n_mels), name);
    }
}

TEST_P(LogMelConformance, NextToNothing) {
    for (const std::vector<float>& pcm :
         {std::vector<float>{}, std::vector<float>{0.5F}, std::vector<float>(16000), ts::noise(199, 5, 0.5)}) {
        expect_near(log_mel(*tested, pcm, 7), log_mel(*truth, pcm, 7), fmt::format("{} samples", pcm.size()));
    }
}

TEST_P(LogMelConformance, SamplesThatAreNoNumbersHarmTheirFramesOnly) {
    std::vector<float> pcm = ts::speech_like(16000, 6);
    pcm[5000] = std::nanf("");
    expect_near(log_mel(*tested, pcm, 7), log_mel(*truth, pcm, 7), "not a number");
}

TEST_P(LogMelConformance, RefusesMoreThanAWindow) {
    EXPECT_THROW(log_mel(*tested, std::vector<float>(window_samples + 1), 80), Error);
    Tensor wrong = tested->empty({80, window_frames - 1});
    EXPECT_THROW(tested->log_mel(std::vector<float>(100), wrong), Error);
}

}  // namespace
}  // namespace ft::conformance
