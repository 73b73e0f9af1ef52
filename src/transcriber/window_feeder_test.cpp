#include "transcriber/window_feeder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <semaphore>
#include <span>

#include "audio/testing/test_audio.h"
#include "base/error.h"
#include "base/replacement_file.h"
#include "base/testing/temporary_folder.h"
#include "speech/test_signal.h"

namespace ft {
namespace {

namespace signals = test_signal;

const std::string silero = FT_SOURCE_DIR "/build/models/silero_vad_16k.safetensors";

struct Fed {
    std::vector<PreparedWindow> windows;
    FeedSummary summary;
    std::string error;
};

Fed feed(const std::string& file, const TranscribeOptions& options, const LogMel* log_mel = nullptr) {
    Fed fed;
    std::counting_semaphore<> bell(0);
    WindowFeeder feeder(file, options, log_mel, {}, 3, [&] { bell.release(); });
    try {
        while (!feeder.exhausted()) {
            bell.acquire();
            while (auto window = feeder.next()) fed.windows.push_back(std::move(*window));
        }
    } catch (const Error& error) {
        fed.error = error.what();
    }
    fed.summary = feeder.finish();
    return fed;
}

void expect_same(const Fed& got, const Fed& expected) {
    EXPECT_EQ(got.error, expected.error);
    EXPECT_EQ(got.summary.warnings, expected.summary.warnings);
    EXPECT_EQ(got.summary.duration_s, expected.summary.duration_s);
    EXPECT_EQ(got.summary.speech_s, expected.summary.speech_s);
    EXPECT_EQ(got.summary.rejected_s, expected.summary.rejected_s);
    ASSERT_EQ(got.windows.size(), expected.windows.size());
    for (size_t i = 0; i < got.windows.size(); ++i) {
        const Window &a = got.windows[i].window, &b = expected.windows[i].window;
        EXPECT_EQ(a.index, b.index);
        EXPECT_EQ(a.ordinal, b.ordinal) << i;
        EXPECT_EQ(a.rejected, b.rejected) << i;
        EXPECT_EQ(a.channel, b.channel) << i;
        EXPECT_EQ(a.speech, b.speech) << i;
        EXPECT_TRUE(a.pcm == b.pcm) << i;
        EXPECT_TRUE(got.windows[i].log_mel == expected.windows[i].log_mel) << i;
    }
}

class WindowFeederTest : public testing::Test {
  protected:
    /// A wav of speech-like stretches between pauses; the second channel has them at other times.
    std::string write_wav(int channels, size_t seconds) {
        const std::vector<float> speech = signals::speech_like(seconds * 16000, 5),
                                 other = signals::speech_like(seconds * 16000, 9);
        const std::string samples =
            test::pcm_s16(16000, channels, static_cast<double>(seconds), [&](int channel, double t) {
                const auto i = std::min(static_cast<size_t>(t * 16000 + 0.5), speech.size() - 1);
                const bool pause = std::fmod(t + 7 * channel, 20.0) > 14.0;
                return pause ? 0.0 : static_cast<double>(channel == 0 ? speech[i] : other[i]);
            });
        const std::string path = (folder_ / "a.wav").string();
        write_file_atomically(path, test::wav(16000, channels, samples));
        return path;
    }

    test::TemporaryFolder folder_;
    TranscribeOptions options_;
};

TEST_F(WindowFeederTest, WindowsDoNotDependOnThreads) {
    const std::string path = write_wav(1, 60);
    const LogMel log_mel(8);
    for (const bool network : {false, true}) {
        if (network && !std::filesystem::exists(silero)) GTEST_SKIP() << silero << " is missing; ./test.sh gets it";
        if (network) options_.vad_model = silero;
        options_.audio_threads = 1;
        const Fed expected = feed(path, options_, &log_mel);
        EXPECT_GE(expected.windows.size(), 2U);
        EXPECT_EQ(expected.windows.front().log_mel.size(), size_t{8} * window_frames);
        for (const int threads : {2, 5, 16}) {
            SCOPED_TRACE(testing::Message() << threads << " threads, network " << network);
            options_.audio_threads = threads;
            expect_same(feed(path, options_, &log_mel), expected);
        }
    }
}

TEST_F(WindowFeederTest, NorDoThoseOfChannels) {
    const std::string path = write_wav(2, 40);
    options_.channels = ChannelChoice::split;
    if (std::filesystem::exists(silero)) options_.vad_model = silero;
    const Fed expected = feed(path, options_);
    ASSERT_GE(expected.windows.size(), 3U);
    EXPECT_TRUE(expected.windows.front().log_mel.empty()) << "samples are enough";
    for (const int threads : {2, 8}) {
        SCOPED_TRACE(threads);
        options_.audio_threads = threads;
        expect_same(feed(path, options_), expected);
    }
}

TEST_F(WindowFeederTest, FailuresAndWarningsComeThroughEveryThread) {
    const std::string path = write_wav(1, 20);
    std::filesystem::resize_file(path, 20 * 32000 - 70001);
    const Fed cut_off = feed(path, options_);
    EXPECT_FALSE(cut_off.summary.warnings.empty());
    write_file_atomically(folder_ / "b.wav", test::wav(16000, 1, ""));
    const Fed empty = feed((folder_ / "b.wav").string(), options_);
    EXPECT_NE(empty.error.find("b.wav"), std::string::npos) << empty.error;
    for (const int threads : {2, 4}) {
        options_.audio_threads = threads;
        expect_same(feed(path, options_), cut_off);
        EXPECT_EQ(feed((folder_ / "b.wav").string(), options_).error, empty.error);
    }
}

TEST_F(WindowFeederTest, MayBeLeftAtAnyTime) {
    const std::string path = write_wav(1, 60);
    if (std::filesystem::exists(silero)) options_.vad_model = silero;
    options_.audio_threads = 4;
    for (int wanted = 0; wanted < 2; ++wanted) {
        std::counting_semaphore<> bell(0);
        WindowFeeder feeder(path, options_, nullptr, {}, 1, [&] { bell.release(); });
        for (int got = 0; got < wanted && !feeder.exhausted();) {
            bell.acquire();
            if (feeder.next()) ++got;
        }
        if (wanted == 1) feeder.finish();
    }
}

}  // namespace
}  // namespace ft
