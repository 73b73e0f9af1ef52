#include "transcriber/transcriber.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "audio/testing/test_audio.h"
#include "base/error.h"
#include "base/testing/temporary_folder.h"
#include "model/packed_model.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

/// A wav, 16 kHz mono: half a second of a wavering tone, then a pause, and so on; every third pause is long.
std::string wavering(double seconds) {
    return test::wav(16000, 1, test::pcm_s16(16000, 1, seconds, [](int, double t) {
                         const bool voiced = std::fmod(t, 10.0) < 7.0 && std::fmod(t, 0.8) < 0.6;
                         return voiced ? 0.275 * std::sin(6.283 * 180 * t) * (0.6 + 0.4 * std::sin(6.283 * 4 * t))
                                       : 0.0;
                     }));
}

class TranscriberTest : public testing::Test {
  protected:
    void SetUp() override {
        write_tiny_folder(make_tiny_checkpoint(), folder_ / "model");
        const auto backend = make_backend({"cpu", Precision::int8, 2, ""});
        write_packed_model(*open_model_source(folder_ / "model"), *backend, folder_ / "packed");
        transcriber_ = load(8);
        wav_ = (folder_ / "a.wav").string();
        write_file_atomically(wav_, wavering(95.0));
        // A random model convinces nobody: take what it says.
        options_.decode.temperatures = {0.0F};
        options_.decode.logprob_threshold = -1000.0F;
        options_.decode.no_speech_threshold = 2.0F;
    }

    std::unique_ptr<Transcriber> load(int batch_size) const {
        return std::make_unique<Transcriber>(folder_ / "packed", make_backend({"cpu", Precision::int8, 2, ""}),
                                             batch_size);
    }

    const test::TemporaryFolder folder_;
    std::string wav_;
    TranscribeOptions options_;
    std::unique_ptr<Transcriber> transcriber_;
};

TEST_F(TranscriberTest, TimesAscendWithinTheFile) {
    for (const bool vad : {true, false}) {
        options_.vad_filter = vad;
        const Transcript transcript = transcriber_->transcribe(wav_, options_);
        EXPECT_NEAR(transcript.duration_s, 95.0, 1e-3);
        EXPECT_GE(transcript.coverage.windows, 3);
        double latest = 0.0;
        for (const Segment& segment : transcript.segments) {
            EXPECT_GE(segment.start_s, latest);
            EXPECT_GE(segment.end_s, segment.start_s);
            EXPECT_LE(segment.end_s, 95.0 + 1e-6);
            EXPECT_FALSE(segment.text.empty());
            latest = segment.start_s;
        }
        if (!vad) {
            EXPECT_NEAR(transcript.coverage.speech_s, 95.0, 1e-3);
        }
    }
}

TEST_F(TranscriberTest, TheBatchSizeChangesNothing) {
    options_.decode.temperatures = {0.8F};
    const Transcript alone = load(1)->transcribe(wav_, options_);
    const Transcript together = transcriber_->transcribe(wav_, options_);
    EXPECT_EQ(together.text(), alone.text());
    ASSERT_EQ(together.segments.size(), alone.segments.size());
    for (size_t i = 0; i < alone.segments.size(); ++i)
        EXPECT_EQ(together.segments[i].start_s, alone.segments[i].start_s);
}

TEST_F(TranscriberTest, ProgressComesInOrderAndCarriesEverySegment) {
    double done = 0.0;
    size_t segments = 0;
    const Transcript transcript = transcriber_->transcribe(wav_, options_, [&](const Progress& progress) {
        EXPECT_GE(progress.done_s, done);
        done = progress.done_s;
        segments += progress.new_segments->size();
    });
    EXPECT_EQ(segments, transcript.segments.size());
}

TEST_F(TranscriberTest, StopKeepsWhatIsFinishedAndSaysSo) {
    std::atomic<bool> stop{true};
    const Transcript transcript = transcriber_->transcribe(wav_, options_, {}, &stop);
    ASSERT_FALSE(transcript.warnings.empty());
    EXPECT_NE(transcript.warnings.back().find("interrupted"), std::string::npos);
    stop = false;
    EXPECT_TRUE(transcriber_->transcribe(wav_, options_, {}, &stop).warnings.empty()) << "usable again afterwards";
}

TEST_F(TranscriberTest, FilesAtOnceGiveWhatEachGivesAlone) {
    options_.decode.temperatures = {0.0F, 0.8F};
    options_.decode.logprob_threshold = 0.0F;  // each window climbs the ladder
    std::vector<std::string> files;
    std::vector<Transcript> alone, together(6);
    for (const double seconds : {95.0, 3.0, 40.0, 0.5, 61.0, 10.0}) {
        files.push_back((folder_ / (std::to_string(files.size()) + ".wav")).string());
        write_file_atomically(files.back(), wavering(seconds));
        alone.push_back(transcriber_->transcribe(files.back(), options_));
    }
    for (const int batch_size : {2, 16}) {
        const auto transcriber = load(batch_size);
        std::vector<std::thread> threads;
        std::atomic<int> all_read{0};
        for (size_t i = 0; i < files.size(); ++i) {
            threads.emplace_back([&, i] {
                together[i] = transcriber->transcribe(files[i], options_,
                                                      [&](const Progress& news) { all_read += news.all_read ? 1 : 0; });
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_GE(all_read.load(), static_cast<int>(files.size()));
        for (size_t i = 0; i < files.size(); ++i) {
            EXPECT_EQ(together[i].text(), alone[i].text()) << files[i];
            EXPECT_EQ(together[i].coverage.fallback_windows, alone[i].coverage.fallback_windows);
        }
    }
}

TEST_F(TranscriberTest, AStoppedOrBrokenFileLeavesTheOthersAlone) {
    const Transcript alone = transcriber_->transcribe(wav_, options_);
    std::atomic<bool> stop{false};
    std::thread stopped([&] {
        transcriber_->transcribe(
            wav_, options_, [&](const Progress&) { stop = true; }, &stop);
    });
    std::ofstream(folder_ / "noise.bin") << std::string(5000, '\x17');
    std::thread broken(
        [&] { EXPECT_THROW(transcriber_->transcribe((folder_ / "noise.bin").string(), options_), Error); });
    const Transcript together = transcriber_->transcribe(wav_, options_);
    stopped.join();
    broken.join();
    EXPECT_EQ(together.text(), alone.text());
    EXPECT_TRUE(together.warnings.empty());
}

TEST_F(TranscriberTest, ErrorsNameTheFileAndLeaveTheEngineUsable) {
    const std::string missing = (folder_ / "nowhere.wav").string();
    try {
        transcriber_->transcribe(missing, options_);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
        EXPECT_NE(std::string(error.what()).find("nowhere.wav"), std::string::npos);
    }
    std::ofstream(folder_ / "noise.bin") << std::string(5000, '\x17');
    EXPECT_THROW(transcriber_->transcribe((folder_ / "noise.bin").string(), options_), Error);
    options_.decode.language = "klingon";
    EXPECT_THROW(transcriber_->transcribe(wav_, options_), Error);
    options_.decode.language = "auto";
    EXPECT_NE(transcriber_->transcribe(wav_, options_).language, "auto");
}

}  // namespace
}  // namespace ft
