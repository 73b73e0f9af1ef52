#include "transcriber/transcriber.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>
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
    static constexpr double wav_s = 80.0;  // three windows

    static void SetUpTestSuite() {
        model_ = std::make_unique<test::TemporaryFolder>();
        TinyCheckpoint tiny = make_tiny_checkpoint({.d_model = 64, .layers = 1});
        shorten_texts(tiny, 96);
        write_tiny_folder(tiny, *model_ / "model");
        const auto backend = make_backend({"cpu", Precision::int8, 2, ""});
        write_packed_model(*open_model_source(*model_ / "model"), backend->packer(), *model_ / "packed");
    }
    static void TearDownTestSuite() { model_.reset(); }

    void SetUp() override {
        transcriber_ = load(8);
        wav_ = (folder_ / "a.wav").string();
        write_file_atomically(wav_, wavering(wav_s));
        // A random model convinces nobody: take what it says.
        options_.decode.temperatures = {0.0F};
        options_.decode.search = {};  // greedy
        options_.decode.logprob_threshold = -1000.0F;
        options_.decode.no_speech_threshold = 2.0F;
        options_.repair = options_.drop_inventions = false;  // what it says is wrong everywhere
    }

    std::unique_ptr<Transcriber> load(int batch_size) const {
        return std::make_unique<Transcriber>(*model_ / "packed", make_backend({"cpu", Precision::int8, 2, ""}),
                                             batch_size);
    }

    static inline std::unique_ptr<test::TemporaryFolder> model_;
    const test::TemporaryFolder folder_;
    std::string wav_;
    TranscribeOptions options_;
    std::unique_ptr<Transcriber> transcriber_;
};

TEST_F(TranscriberTest, TimesAscendWithinTheFile) {
    for (const bool vad : {true, false}) {
        options_.vad_filter = vad;
        const Transcript transcript = transcriber_->transcribe(wav_, options_);
        EXPECT_NEAR(transcript.duration_s, wav_s, 1e-3);
        EXPECT_GE(transcript.coverage.windows, 3);
        double latest = 0.0;
        for (const Segment& segment : transcript.segments) {
            EXPECT_GE(segment.start_s, latest);
            EXPECT_GE(segment.end_s, segment.start_s);
            EXPECT_LE(segment.end_s, wav_s + 1e-6);
            EXPECT_FALSE(segment.text.empty());
            latest = segment.start_s;
        }
        if (!vad) {
            EXPECT_NEAR(transcript.coverage.speech_s, wav_s, 1e-3);
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

/// A random model writes broken UTF-8, which is repaired in the whole and in words: what is ASCII is the same.
std::string plain(std::string text) {
    text.erase(std::remove_if(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c > '~'; }),
               text.end());
    return text;
}

TEST_F(TranscriberTest, WordsLieInOrderWithinTheirSegments) {
    options_.decode.word_times = true;
    const Transcript transcript = transcriber_->transcribe(wav_, options_);
    size_t count = 0;
    double latest_s = 0.0;
    for (const Segment& segment : transcript.segments) {
        std::string text;
        ASSERT_FALSE(segment.words.empty()) << segment.text;
        for (const Word& word : segment.words) {
            EXPECT_GE(word.start_s, std::max(latest_s, segment.start_s) - 1e-6) << word.text;
            EXPECT_GT(word.end_s, word.start_s) << word.text;
            EXPECT_LE(word.end_s, segment.end_s + 1e-6) << word.text;
            EXPECT_GE(word.probability, 0.0F);
            EXPECT_LE(word.probability, 1.0F + 1e-4F);
            latest_s = word.end_s;
            text += word.text;
            ++count;
        }
        EXPECT_EQ(plain(text), plain(segment.text)) << "the words are the text";
        EXPECT_GE(segment.confidence, 0.0F);
        EXPECT_LE(segment.confidence, 1.0F + 1e-4F);
    }
    EXPECT_GT(count, 10U);
    options_.decode.word_times = false;
    const Transcript without = transcriber_->transcribe(wav_, options_);
    EXPECT_EQ(without.text(), transcript.text()) << "asking for times changes no text";
    for (const Segment& segment : without.segments) EXPECT_TRUE(segment.words.empty());
}

TEST_F(TranscriberTest, WordTimesAreTheSameAtAnyBatchSizeAndAfterAResume) {
    options_.decode.word_times = true;
    std::vector<FinishedWindow> windows;
    TranscribeHooks hooks;
    hooks.on_window = [&](const FinishedWindow& window, double) { windows.push_back(window); };
    const Transcript together = transcriber_->transcribe(wav_, options_, hooks);
    ASSERT_GE(windows.size(), 2U);
    TranscribeHooks resumed;
    resumed.finished = {windows.front()};
    for (const Transcript& other :
         {load(1)->transcribe(wav_, options_), transcriber_->transcribe(wav_, options_, resumed)}) {
        ASSERT_EQ(other.segments.size(), together.segments.size());
        for (size_t i = 0; i < other.segments.size(); ++i) {
            ASSERT_EQ(other.segments[i].words.size(), together.segments[i].words.size());
            EXPECT_EQ(other.segments[i].confidence, together.segments[i].confidence);
            for (size_t w = 0; w < other.segments[i].words.size(); ++w) {
                EXPECT_EQ(other.segments[i].words[w].text, together.segments[i].words[w].text);
                EXPECT_EQ(other.segments[i].words[w].start_s, together.segments[i].words[w].start_s);
                EXPECT_EQ(other.segments[i].words[w].end_s, together.segments[i].words[w].end_s);
                EXPECT_EQ(other.segments[i].words[w].probability, together.segments[i].words[w].probability);
            }
        }
    }
    TranscribeOptions without = options_;
    without.decode.word_times = false;
    EXPECT_NE(transcriber_->plan(options_), transcriber_->plan(without)) << "windows without words are of no use";
}

TEST_F(TranscriberTest, ProgressComesInOrderAndCarriesEverySegment) {
    double done = 0.0;
    size_t segments = 0;
    TranscribeHooks hooks;
    hooks.progress = [&](const Progress& progress) {
        EXPECT_GE(progress.done_s, done);
        done = progress.done_s;
        segments += progress.new_segments->size();
    };
    const Transcript transcript = transcriber_->transcribe(wav_, options_, hooks);
    EXPECT_EQ(segments, transcript.segments.size());
}

TEST_F(TranscriberTest, StopKeepsWhatIsFinishedAndSaysSo) {
    std::atomic<bool> stop{true};
    const Transcript transcript = transcriber_->transcribe(wav_, options_, {{}, {}, &stop, {}});
    ASSERT_FALSE(transcript.warnings.empty());
    EXPECT_NE(transcript.warnings.back().find("interrupted"), std::string::npos);
    stop = false;
    EXPECT_TRUE(transcriber_->transcribe(wav_, options_, {{}, {}, &stop, {}}).warnings.empty())
        << "usable again afterwards";
}

TEST_F(TranscriberTest, FilesAtOnceGiveWhatEachGivesAlone) {
    options_.decode.temperatures = {0.0F, 0.8F};
    options_.decode.logprob_threshold = 0.0F;  // each window climbs the ladder
    std::vector<std::string> files;
    std::vector<Transcript> alone, together(5);
    for (const double seconds : {62.0, 3.0, 35.0, 0.5, 10.0}) {
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
                TranscribeHooks hooks;
                hooks.progress = [&](const Progress& news) { all_read += news.all_read ? 1 : 0; };
                together[i] = transcriber->transcribe(files[i], options_, hooks);
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
        TranscribeHooks hooks;
        hooks.progress = [&](const Progress&) { stop = true; };
        hooks.stop = &stop;
        transcriber_->transcribe(wav_, options_, hooks);
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

/// What two runs must agree on: everything but times of the clock on the wall.
void expect_equal(const Transcript& a, const Transcript& b) {
    EXPECT_EQ(a.language, b.language);
    EXPECT_EQ(a.language_probability, b.language_probability);
    EXPECT_EQ(a.coverage.windows, b.coverage.windows);
    EXPECT_EQ(a.coverage.fallback_windows, b.coverage.fallback_windows);
    EXPECT_EQ(a.coverage.silent_windows, b.coverage.silent_windows);
    EXPECT_DOUBLE_EQ(a.coverage.transcribed_s, b.coverage.transcribed_s);
    EXPECT_EQ(a.coverage.dropped.size(), b.coverage.dropped.size());
    ASSERT_EQ(a.segments.size(), b.segments.size());
    for (size_t i = 0; i < a.segments.size(); ++i) {
        EXPECT_EQ(a.segments[i].id, b.segments[i].id);
        EXPECT_EQ(a.segments[i].text, b.segments[i].text);
        EXPECT_EQ(a.segments[i].start_s, b.segments[i].start_s);
        EXPECT_EQ(a.segments[i].end_s, b.segments[i].end_s);
    }
}

TEST_F(TranscriberTest, EveryWindowIsToldOnceOnTheThreadThatWaits) {
    std::set<int64_t> indexes;
    TranscribeHooks hooks;
    hooks.on_window = [&, here = std::this_thread::get_id()](const FinishedWindow& window, double duration_s) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        EXPECT_TRUE(indexes.insert(window.index).second);
        EXPECT_LT(window.begin_s, window.end_s);
        EXPECT_NEAR(duration_s, wav_s, 0.1);
    };
    const Transcript transcript = transcriber_->transcribe(wav_, options_, hooks);
    ASSERT_GE(transcript.coverage.windows, 3);
    ASSERT_EQ(indexes.size(), static_cast<size_t>(transcript.coverage.windows));
    EXPECT_EQ(*indexes.begin(), 0);
    EXPECT_EQ(*indexes.rbegin(), transcript.coverage.windows - 1);
}

TEST_F(TranscriberTest, FinishedWindowsAreNotComputedAgain) {
    options_.decode.language = "auto";
    options_.decode.temperatures = {0.0F, 0.8F};
    options_.decode.logprob_threshold = 0.0F;  // each window climbs the ladder
    std::vector<FinishedWindow> windows;
    TranscribeHooks hooks;
    hooks.on_window = [&](const FinishedWindow& window, double) { windows.push_back(window); };
    const Transcript whole = transcriber_->transcribe(wav_, options_, hooks);
    ASSERT_GE(windows.size(), 3U);
    for (unsigned mask = 0; mask < 1U << windows.size(); ++mask) {  // any of them may have been finished
        TranscribeHooks rest;
        size_t computed = 0;
        for (size_t i = 0; i < windows.size(); ++i) {
            if ((mask >> i & 1) != 0) rest.finished.push_back(windows[i]);
        }
        rest.on_window = [&](const FinishedWindow&, double) { ++computed; };
        expect_equal(transcriber_->transcribe(wav_, options_, rest), whole);
        EXPECT_EQ(computed + rest.finished.size(), windows.size());
    }
}

TEST_F(TranscriberTest, RepairsAreTheSameAtAnyBatchSizeAndAfterAResume) {
    options_.repair = true;
    options_.decode.temperatures = {0.0F, 0.8F};
    const std::string wav = (folder_ / "short.wav").string();
    write_file_atomically(wav, wavering(50.0));
    std::vector<FinishedWindow> windows;
    TranscribeHooks hooks;
    hooks.on_window = [&](const FinishedWindow& window, double) { windows.push_back(window); };
    const Transcript together = transcriber_->transcribe(wav, options_, hooks);
    ASSERT_FALSE(together.coverage.repaired.empty()) << "a random model is wrong everywhere";
    ASSERT_GE(windows.size(), 2U);
    TranscribeHooks resumed;
    resumed.finished = {windows.back()};
    for (const Transcript& other :
         {load(2)->transcribe(wav, options_), transcriber_->transcribe(wav, options_, resumed)}) {
        expect_equal(other, together);
        ASSERT_EQ(other.coverage.repaired.size(), together.coverage.repaired.size());
        for (size_t i = 0; i < together.coverage.repaired.size(); ++i)
            EXPECT_EQ(other.coverage.repaired[i].replaced, together.coverage.repaired[i].replaced);
    }
    TranscribeOptions without = options_;
    without.repair = false;
    EXPECT_NE(transcriber_->plan(without), transcriber_->plan(options_));
}

/// Two speakers in turns, each on a channel of their own, the other one faintly there.
std::string conversation(double seconds, double crosstalk, bool left, bool right) {
    return test::wav(16000, left && right ? 2 : 1,
                     test::pcm_s16(16000, left && right ? 2 : 1, seconds, [=](int channel, double t) {
                         const bool first = std::fmod(t, 20.0) < 10.0;
                         const double swell = std::fmod(t, 0.8) < 0.6 ? 0.6 + 0.4 * std::sin(6.283 * 4 * t) : 0.0;
                         const double a = first ? 0.3 * swell * std::sin(6.283 * 180 * t + std::sin(37 * t)) : 0.0;
                         const double b = first ? 0.0 : 0.3 * swell * std::sin(6.283 * 320 * t + std::sin(53 * t));
                         const bool of_first = left && right ? channel == 0 : left;
                         return of_first ? a + crosstalk * b : b + crosstalk * a;
                     }));
}

TEST_F(TranscriberTest, ChannelsThatAreSplitSayWhatEachSaysAlone) {
    const std::string both = (folder_ / "both.wav").string(), left = (folder_ / "left.wav").string(),
                      right = (folder_ / "right.wav").string();
    write_file_atomically(both, conversation(40.0, 0.05, true, true));
    write_file_atomically(left, conversation(40.0, 0.0, true, false));
    write_file_atomically(right, conversation(40.0, 0.0, false, true));
    options_.vad_model.clear();
    const Transcript alone[] = {transcriber_->transcribe(left, options_), transcriber_->transcribe(right, options_)};
    EXPECT_EQ(alone[0].segments.front().channel, 0);
    for (const ChannelChoice choice : {ChannelChoice::split, ChannelChoice::automatic}) {
        options_.channels = choice;
        std::vector<FinishedWindow> windows;
        TranscribeHooks hooks;
        hooks.on_window = [&](const FinishedWindow& window, double) { windows.push_back(window); };
        const Transcript split = transcriber_->transcribe(both, options_, hooks);
        EXPECT_NEAR(split.coverage.speech_s, alone[0].coverage.speech_s + alone[1].coverage.speech_s, 3.0)
            << "what the other microphone heard is not heard twice";
        for (int channel : {1, 2}) {
            size_t segments = 0;
            double latest_s = 0.0;
            for (const Segment& segment : split.segments) {
                if (segment.channel != channel) continue;
                ++segments;
                EXPECT_GE(segment.start_s, latest_s) << "on the file's clock";
                latest_s = segment.start_s;
                const double middle_s = (segment.start_s + segment.end_s) / 2;
                // Speech is padded: half a second of the other one's turn.
                const double turn_s = std::fmod(middle_s + (channel == 1 ? 0.0 : 10.0), 20.0);
                EXPECT_TRUE(turn_s < 10.6 || turn_s > 19.4) << segment.start_s << " " << segment.end_s;
            }
            EXPECT_GT(segments, 0U);
        }
        for (size_t i = 1; i < split.segments.size(); ++i)
            EXPECT_GE(split.segments[i].start_s, split.segments[i - 1].start_s);
        ASSERT_GE(windows.size(), 2U);
        TranscribeHooks resumed;
        resumed.finished = {windows.front()};
        expect_equal(transcriber_->transcribe(both, options_, resumed), split);
    }
}

TEST_F(TranscriberTest, TheSameOnBothChannelsIsTranscribedOnce) {
    const std::string twice = (folder_ / "twice.wav").string(), once = (folder_ / "once.wav").string();
    const auto said = [](int, double t) { return 0.3 * std::sin(6.283 * 200 * t) * (std::fmod(t, 0.8) < 0.6 ? 1 : 0); };
    write_file_atomically(twice, test::wav(16000, 2, test::pcm_s16(16000, 2, 12.0, said)));
    write_file_atomically(once, test::wav(16000, 1, test::pcm_s16(16000, 1, 12.0, said)));
    const Transcript expected = transcriber_->transcribe(once, options_);
    for (const ChannelChoice choice : {ChannelChoice::split, ChannelChoice::automatic}) {
        options_.channels = choice;
        const Transcript found = transcriber_->transcribe(twice, options_);
        EXPECT_EQ(found.text(), expected.text());
        EXPECT_EQ(found.coverage.windows, expected.coverage.windows);
        ASSERT_EQ(found.warnings.size(), 1U);
        EXPECT_EQ(found.warnings[0], "channel 2 says the same as channel 1 and was transcribed once with it");
        EXPECT_EQ(transcriber_->transcribe(once, options_).text(), expected.text()) << "one channel is one channel";
    }
}

TEST_F(TranscriberTest, OnlyClipsAreRead) {
    options_.clips = {{12.0, 20.0}, {41.0, std::numeric_limits<double>::infinity()}};
    const Transcript transcript = transcriber_->transcribe(wav_, options_);
    ASSERT_FALSE(transcript.segments.empty());
    EXPECT_NEAR(transcript.duration_s, wav_s, 1e-3);
    EXPECT_LE(transcript.coverage.speech_s, 8.0 + wav_s - 41.0);
    EXPECT_GT(transcript.coverage.speech_s, (8.0 + wav_s - 41.0) / 2);
    for (const Segment& segment : transcript.segments) {
        const bool in_first = segment.start_s >= 12.0 && segment.end_s <= 20.0, in_second = segment.start_s >= 41.0;
        EXPECT_TRUE(in_first || in_second) << segment.start_s << " " << segment.end_s;
    }
    options_.clips = {{7.6, 9.2}};
    EXPECT_EQ(transcriber_->transcribe(wav_, options_).text(), "") << "a pause";
}

/// Texts by window.
std::vector<std::string> texts_of_windows(Transcriber& transcriber, const std::string& wav,
                                          const TranscribeOptions& options) {
    std::map<int64_t, std::string> texts;
    TranscribeHooks hooks;
    hooks.on_window = [&](const FinishedWindow& window, double) {
        std::string& text = texts[window.index];
        for (const Segment& segment : window.segments) text += segment.text + "|";
    };
    transcriber.transcribe(wav, options, hooks);
    std::vector<std::string> all;
    for (auto& [index, text] : texts) all.push_back(std::move(text));
    return all;
}

TEST_F(TranscriberTest, PromptsReachTheWindowsThatTheyAreFor) {
    const std::vector<std::string> plain = texts_of_windows(*transcriber_, wav_, options_);
    ASSERT_GE(plain.size(), 3U);
    options_.decode.initial_prompt = "Kiruna";
    const std::vector<std::string> opening = texts_of_windows(*transcriber_, wav_, options_);
    options_.decode.carry_initial_prompt = true;
    const std::vector<std::string> carried = texts_of_windows(*transcriber_, wav_, options_);
    TranscribeOptions hot = options_;
    hot.decode.carry_initial_prompt = false;
    hot.decode.initial_prompt.clear();
    hot.decode.hotwords = "Kiruna";
    const std::vector<std::string> hotwords = texts_of_windows(*transcriber_, wav_, hot);
    EXPECT_NE(opening[0], plain[0]) << "the first window is read after the prompt";
    EXPECT_EQ(hotwords, carried) << "the same words before every window";
    for (size_t i = 1; i < plain.size(); ++i) {
        EXPECT_EQ(opening[i], plain[i]) << "the others are not";
        EXPECT_NE(carried[i], plain[i]) << "unless it is carried on";
    }
    EXPECT_NE(transcriber_->plan(hot), transcriber_->plan(options_));
}

TEST_F(TranscriberTest, WindowsAreReadAfterTheTextBeforeThemWhenAskedTo) {
    const std::vector<std::string> plain = texts_of_windows(*transcriber_, wav_, options_);
    options_.decode.condition_on_previous_text = true;
    const std::vector<std::string> conditioned = texts_of_windows(*transcriber_, wav_, options_);
    ASSERT_EQ(conditioned.size(), plain.size());
    EXPECT_EQ(conditioned[0], plain[0]);
    EXPECT_NE(conditioned[1], plain[1]);
    std::vector<FinishedWindow> windows;
    TranscribeHooks hooks, resumed;
    hooks.on_window = [&](const FinishedWindow& window, double) { windows.push_back(window); };
    const Transcript whole = transcriber_->transcribe(wav_, options_, hooks);
    resumed.finished = {windows.front()};
    expect_equal(transcriber_->transcribe(wav_, options_, resumed), whole);
    expect_equal(load(1)->transcribe(wav_, options_), whole);
}

TEST_F(TranscriberTest, TheLanguageIsOneOfThoseNamed) {
    options_.decode.language = "auto";
    const Transcript any = transcriber_->transcribe(wav_, options_);
    std::vector<std::string> others;
    for (const char* code : {"sv", "en", "fi"}) {
        if (any.language != code) others.emplace_back(code);
    }
    options_.decode.language = others[0] + "," + others[1];
    const Transcript one = transcriber_->transcribe(wav_, options_);
    EXPECT_TRUE(one.language == others[0] || one.language == others[1]) << one.language;
    EXPECT_GE(one.language_probability, 0.5F) << "of two";
    options_.decode.language = "sv,klingon";
    EXPECT_THROW(transcriber_->transcribe(wav_, options_), Error);
}

TEST_F(TranscriberTest, WhatTheWaitingOneThrowsEndsHisFileOnly) {
    const Transcript alone = transcriber_->transcribe(wav_, options_);
    Transcript together;
    std::thread other([&] { together = transcriber_->transcribe(wav_, options_); });
    TranscribeHooks hooks;
    int calls = 0;
    hooks.on_window = [&](const FinishedWindow&, double) {
        ++calls;
        throw Error(ErrorCode::cancelled, "no longer wanted");
    };
    EXPECT_THROW(transcriber_->transcribe(wav_, options_, hooks), Error);
    EXPECT_EQ(calls, 1);
    other.join();
    expect_equal(together, alone);
}

TEST_F(TranscriberTest, ThePlanNamesWhatDecides) {
    const std::string plan = transcriber_->plan(options_);
    EXPECT_EQ(load(1)->plan(options_), plan) << "the batch decides nothing";
    TranscribeOptions other = options_;
    other.windows.max_window_s = 20.0;
    EXPECT_NE(transcriber_->plan(other), plan);
    other = options_;
    other.vad.threshold = 0.4F;
    EXPECT_NE(transcriber_->plan(other), plan);
    other = options_;
    other.decode.initial_prompt = "Åre";
    EXPECT_NE(transcriber_->plan(other), plan);
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
