#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "speech/test_signal.h"
#include "speech/voice_activity.h"

namespace ft {
namespace {

namespace ts = test_signal;
constexpr size_t second_in_frames = 16000 / vad_frame_samples;  // 31

std::vector<float> judge(std::vector<float> pcm) {
    pcm.resize((pcm.size() + vad_frame_samples - 1) / vad_frame_samples * vad_frame_samples);
    std::vector<float> probabilities;
    make_energy_detector()->process(pcm, probabilities);
    EXPECT_EQ(probabilities.size(), pcm.size() / vad_frame_samples);
    for (const float p : probabilities) EXPECT_TRUE(p >= 0.0F && p <= 1.0F) << p;
    return probabilities;
}

size_t speech_frames(const std::vector<float>& probabilities, size_t from = 0) {
    return static_cast<size_t>(std::count_if(probabilities.begin() + static_cast<ptrdiff_t>(from), probabilities.end(),
                                             [](float p) { return p >= 0.5F; }));
}

std::vector<float> plus(std::vector<float> a, const std::vector<float>& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] += b[i % b.size()];
    return a;
}

TEST(EnergyDetector, SilenceIsNoSpeech) {
    EXPECT_EQ(speech_frames(judge(std::vector<float>(160000))), 0U);
    EXPECT_EQ(speech_frames(judge(std::vector<float>(512 * 300, 0.7F))), 0U) << "DC is silence";
    EXPECT_EQ(speech_frames(judge(plus(std::vector<float>(512 * 300, -0.5F), ts::noise(160000, 1, 0.0005)))), 0U);
}

TEST(EnergyDetector, ConstantNoiseAndHumAreNoSpeech) {
    for (const double level : {0.001, 0.01, 0.1, 1.0}) {
        EXPECT_EQ(speech_frames(judge(ts::noise(160000, 2, level)), second_in_frames / 2), 0U) << level;
        EXPECT_EQ(speech_frames(judge(ts::tone(160000, 50, level)), second_in_frames / 2), 0U) << level;
    }
    // It becomes ten times louder after 5 s: a second later that is the new floor.
    std::vector<float> pcm = ts::noise(160000, 3, 0.03);
    for (size_t i = 80000; i < pcm.size(); ++i) pcm[i] *= 10;
    EXPECT_EQ(speech_frames(judge(pcm), 6 * second_in_frames + second_in_frames / 2), 0U);
}

/// Whether a sample lies in a span.
class Coverage {
  public:
    Coverage(const std::vector<float>& probabilities, int pad_ms) {
        VadOptions options;
        options.speech_pad_ms = pad_ms;
        SpanBuilder builder(options);
        builder.push(probabilities, spans_);
        builder.finish(static_cast<int64_t>(probabilities.size()) * vad_frame_samples, spans_);
    }
    bool operator()(int64_t at) const {
        return std::any_of(spans_.begin(), spans_.end(), [&](const Span& s) { return s.begin <= at && at < s.end; });
    }

  private:
    std::vector<Span> spans_;
};

/// Spans must cover the syllables (12 of 16 slots of 0.18 s) with the program's padding, and leave the pauses out.
void check_speech(const std::vector<float>& pcm, const std::string& what) {
    const std::vector<float> probabilities = judge(pcm);
    const Coverage padded(probabilities, VadOptions{}.speech_pad_ms), tight(probabilities, 100);
    int pauses = 0, pauses_covered = 0;
    for (int64_t slot = 0; (slot + 1) * 2880 <= static_cast<int64_t>(pcm.size()); ++slot) {
        const int64_t begin = slot * 2880;
        if (slot % 16 < 12) {
            EXPECT_TRUE(padded(begin + 1440)) << what << ": speech is lost, sample " << begin;
        }
        if (slot % 16 == 14) {
            ++pauses;
            pauses_covered += tight(begin) ? 1 : 0;
        }
    }
    EXPECT_LE(pauses_covered, pauses / 4) << what;
}

TEST(EnergyDetector, FindsSpeech) {
    const std::vector<float> speech = ts::speech_like(480000, 4);
    check_speech(speech, "from the first sample");
    std::vector<float> quiet = speech;
    for (float& value : quiet) value *= 0.1F;
    check_speech(quiet, "20 dB lower");
    check_speech(plus(speech, {0.3F}), "with DC");
    check_speech(plus(speech, ts::noise(480000, 5, 0.005)), "in noise");
    std::vector<float> late(160000);
    late.insert(late.end(), speech.begin(), speech.end());
    EXPECT_GT(speech_frames(judge(late)), 300U) << "after 10 s of digital silence";
}

TEST(EnergyDetector, ResultDoesNotDependOnTheCalls) {
    const std::vector<float> pcm = ts::speech_like(512 * 300, 6);
    const auto detector = make_energy_detector();
    std::vector<float> whole, pieces;
    detector->process(pcm, whole);
    detector->reset();
    for (size_t at = 0, size = 512; at < pcm.size(); at += size, size += 512) {
        detector->process(std::span(pcm).subspan(at, std::min(size, pcm.size() - at)), pieces);
        size = std::min(size, pcm.size() - at);
    }
    EXPECT_EQ(whole, pieces);
    EXPECT_EQ(detector->name(), "energy");
    EXPECT_THROW(detector->process(std::span(pcm).first(100), pieces), Error);
}

TEST(EnergyDetector, SurvivesSamplesThatAreNoNumbers) {
    std::vector<float> pcm = ts::speech_like(512 * 300, 6);
    pcm[0] = std::nanf("");
    pcm[40000] = INFINITY;
    EXPECT_GT(speech_frames(judge(pcm), 150), 30U);
}

}  // namespace
}  // namespace ft
