// Every container and codec the program promises, made by the ffmpeg command: each must give the original signal.
#include <gtest/gtest.h>

#include <cstdlib>

#include "audio/testing/test_audio.h"
#include "base/error.h"
#include "base/file.h"

namespace ft {
namespace {

using test::TemporaryFolder;

constexpr double length_s = 6.0;

struct Format {
    const char* name;       // of the file
    const char* arguments;  // for ffmpeg, between source and file
    double correlation;     // least one
    int lag_ms = 10;        // most; codecs whose delay the container cannot tell have more
};

void PrintTo(const Format& format, std::ostream* out) {
    *out << format.name << " " << format.arguments;
}

class Formats : public testing::TestWithParam<Format> {
  protected:
    void SetUp() override {
        if (!test::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg command, which makes the files, is not installed";
        source_ = folder_.write("source.wav", test::signal_wav(48000, 2, length_s));
    }
    TemporaryFolder folder_;
    std::string source_;
};

TEST_P(Formats, GivesTheOriginalSignal) {
    const Format& format = GetParam();
    const std::string path = folder_.path(format.name);
    ASSERT_TRUE(test::ffmpeg("-i " + source_ + " " + format.arguments + " " + path));
    const auto reader = AudioReader::open(path);
    const std::vector<float> samples = read_all(*reader);
    EXPECT_NEAR(static_cast<double>(samples.size()) / sample_rate, length_s, 0.1);
    const test::Match match = test::match(samples, test::reference(length_s));
    EXPECT_GT(match.correlation, format.correlation);
    EXPECT_LE(std::abs(match.lag), format.lag_ms * 16);
    EXPECT_TRUE(reader->warnings().empty()) << reader->warnings()[0];
}

INSTANTIATE_TEST_SUITE_P(
    Wav, Formats,
    testing::Values(Format{"a.wav", "-c:a pcm_u8", 0.995}, Format{"a.wav", "-c:a pcm_s16le", 0.999},
                    Format{"a.wav", "-c:a pcm_s24le", 0.999}, Format{"a.wav", "-c:a pcm_s32le", 0.999},
                    Format{"a.wav", "-c:a pcm_f32le", 0.999}, Format{"a.wav", "-c:a pcm_f64le", 0.999},
                    Format{"a.wav", "-c:a pcm_alaw -ar 8000", 0.99}, Format{"a.wav", "-c:a pcm_mulaw -ar 8000", 0.99},
                    Format{"a.wav", "-c:a adpcm_ms", 0.99}, Format{"a.wav", "-c:a adpcm_ima_wav", 0.99},
                    Format{"a.wav", "-c:a libgsm_ms -ar 8000 -ac 1", 0.75},
                    Format{"a.wav", "-c:a pcm_s16le -rf64 always", 0.999}, Format{"a.w64", "", 0.999},
                    Format{"a.aiff", "", 0.999}, Format{"a.caf", "", 0.999}, Format{"a.au", "", 0.999}));

INSTANTIATE_TEST_SUITE_P(
    Audio, Formats,
    testing::Values(Format{"a.mp3", "", 0.99}, Format{"a.mp3", "-ar 16000 -ac 1 -b:a 32k", 0.97},
                    Format{"a.mp3", "-ar 8000", 0.9}, Format{"a.m4a", "-c:a aac", 0.99},
                    Format{"a.m4a", "-c:a alac", 0.999}, Format{"a.aac", "", 0.95, 40},
                    Format{"a.ogg", "-c:a libvorbis", 0.95}, Format{"a.opus", "-c:a libopus -b:a 24k", 0.9},
                    Format{"a.flac", "", 0.999}, Format{"a.wma", "", 0.95, 60}, Format{"a.mka", "-c:a libopus", 0.95},
                    Format{"a.webm", "-c:a libopus", 0.95}, Format{"a.spx", "-c:a libspeex -ar 16000 -ac 1", 0.6, 40},
                    Format{"a.ac3", "", 0.95, 40}, Format{"a.gsm", "-c:a libgsm -ar 8000 -ac 1", 0.75},
                    Format{"a.mp2", "", 0.95, 40}));

constexpr const char* pictures = "-f lavfi -i testsrc=size=64x48:rate=5 -map 0:a -map 1:v -shortest ";

INSTANTIATE_TEST_SUITE_P(RatesAndChannels, Formats,
                         testing::Values(Format{"a.flac", "-ar 8000", 0.999}, Format{"a.flac", "-ar 11025", 0.999},
                                         Format{"a.flac", "-ar 44100", 0.999}, Format{"a.flac", "-ar 96000", 0.999},
                                         Format{"a.flac", "-ac 1", 0.999}, Format{"a.wav", "-ac 3", 0.999},
                                         Format{"a.wav", "-ac 4", 0.999}, Format{"a.wav", "-ac 5", 0.999},
                                         Format{"a.flac", "-ac 6", 0.999}, Format{"a.m4a", "-c:a aac -ac 6", 0.99},
                                         Format{"a.opus", "-c:a libopus -ac 6", 0.9}));

TEST_F(Formats, VideoContainersGiveTheirSound) {
    const std::pair<const char*, const char*> kinds[] = {{"a.mp4", "-c:v mpeg4 -c:a aac"},
                                                         {"a.mkv", "-c:v mpeg4 -c:a libopus"},
                                                         {"a.webm", "-c:v libvpx -c:a libopus"},
                                                         {"a.avi", "-c:v mpeg4 -c:a libmp3lame"},
                                                         {"a.mov", "-c:v mpeg4 -c:a pcm_s16le"},
                                                         {"a.ts", "-c:v mpeg2video -c:a aac"},
                                                         {"a.flv", "-c:v flv -c:a libmp3lame -ar 44100"}};
    for (const auto& [name, codecs] : kinds) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(test::ffmpeg("-i " + source_ + " " + pictures + codecs + " " + folder_.path(name)));
        const auto reader = AudioReader::open(folder_.path(name));
        const std::vector<float> samples = read_all(*reader);
        EXPECT_NEAR(static_cast<double>(samples.size()) / sample_rate, length_s, 0.1);
        const test::Match match = test::match(samples, test::reference(length_s));
        EXPECT_GT(match.correlation, 0.95);
        EXPECT_LE(std::abs(match.lag), 40 * 16);
        EXPECT_TRUE(reader->warnings().empty()) << reader->warnings()[0];
    }
}

TEST_F(Formats, PicturesAloneHaveNoAudio) {
    const std::string path = folder_.path("silent.mp4");
    ASSERT_TRUE(test::ffmpeg("-f lavfi -i testsrc=duration=1:size=64x48 -c:v mpeg4 " + path));
    test::expect_refused(path, "no audio track");
    ASSERT_TRUE(test::ffmpeg("-f lavfi -i testsrc=duration=1:size=64x48 -frames:v 1 " + folder_.path("a.png")));
    test::expect_refused(folder_.path("a.png"), "picture");
}

TEST_F(Formats, TheDefaultTrackIsTaken) {
    const std::string tone = "-f lavfi -t 6 -i sine=440:sample_rate=48000 ";
    const std::string both = tone + "-i " + source_ + " -map 0 -map 1 -c:a flac ";
    const auto best = [this](const std::string& name) {
        return test::match(read_all(*AudioReader::open(folder_.path(name))), test::reference(length_s)).correlation;
    };
    ASSERT_TRUE(test::ffmpeg(both + "-disposition:a:0 0 -disposition:a:1 default " + folder_.path("second.mkv")));
    EXPECT_GT(best("second.mkv"), 0.99);
    ASSERT_TRUE(test::ffmpeg(both + "-disposition:a:0 default -disposition:a:1 0 " + folder_.path("first.mkv")));
    EXPECT_LT(best("first.mkv"), 0.5);
}

TEST_F(Formats, GapsAndStartsKeepTheClock) {
    const std::string hole = "-af \"aselect='not(between(t,2,3.5))'\" ";
    const std::pair<std::string, std::string> cases[] = {
        {"gap.mkv", hole + "-c:a libopus"}, {"gap.mp4", hole + "-c:a aac"}, {"gap.ts", hole + "-c:a aac"}};
    const std::vector<float> whole = test::reference(length_s);
    const std::vector<float> begin(whole.begin(), whole.begin() + 30000);
    const std::vector<float> end(whole.begin() + 60000, whole.end());
    for (const auto& [name, arguments] : cases) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(test::ffmpeg("-i " + source_ + " " + arguments + " " + folder_.path(name)));
        const auto reader = AudioReader::open(folder_.path(name));
        const std::vector<float> got = read_all(*reader);
        EXPECT_TRUE(reader->warnings().empty()) << reader->warnings()[0];
        EXPECT_LT(test::rms(got, 34000, 54000), 0.01);
        EXPECT_LE(std::abs(test::match(got, begin).lag), 40 * 16);
        ASSERT_GT(got.size(), 80000u);
        const test::Match late = test::match({got.begin() + 60000, got.end()}, end);
        EXPECT_LE(std::abs(late.lag), 40 * 16);
        EXPECT_GT(late.correlation, 0.9);
    }
    for (const char* name : {"late.mkv", "late.mp4"}) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(test::ffmpeg("-itsoffset 1.5 -i " + source_ + " -c:a aac " + folder_.path(name)));
        const std::vector<float> got = read_all(*AudioReader::open(folder_.path(name)));
        EXPECT_NEAR(static_cast<double>(got.size()) / sample_rate, length_s + 1.5, 0.1);
        EXPECT_LT(test::rms(got, 0, 23000), 0.01);
        EXPECT_LE(std::abs(test::match({got.begin() + 24000, got.end()}, whole).lag), 40 * 16);
    }
}

TEST_F(Formats, ChangesInTheMiddleAreFollowed) {
    // Two mp3 of different rate and channels, one behind the other, as stitched downloads are.
    ASSERT_TRUE(test::ffmpeg("-i " + source_ + " -write_xing 0 -ar 48000 -ac 2 " + folder_.path("1.mp3")));
    ASSERT_TRUE(
        test::ffmpeg("-i " + source_ + " -write_xing 0 -id3v2_version 0 -ar 32000 -ac 1 " + folder_.path("2.mp3")));
    const std::string joined = read_file(folder_.path("1.mp3")) + read_file(folder_.path("2.mp3"));
    const std::vector<float> got = read_all(*AudioReader::open(folder_.write("joined.mp3", joined)));
    EXPECT_NEAR(static_cast<double>(got.size()) / sample_rate, 2 * length_s, 0.4);
    const std::vector<float> whole = test::reference(length_s);
    EXPECT_GT(test::match(got, whole).correlation, 0.95);
    const auto second = static_cast<ptrdiff_t>(std::lround((length_s + 0.1) * sample_rate));
    EXPECT_GT(test::match({got.begin() + second, got.end()}, whole, 4000).correlation, 0.95);
}

TEST_F(Formats, RubbishBeforeAnMp3IsPassedOver) {
    ASSERT_TRUE(test::ffmpeg("-i " + source_ + " -id3v2_version 0 " + folder_.path("a.mp3")));
    std::string rubbish;
    for (int i = 0; i < 3000; ++i) rubbish += static_cast<char>(i * i / 7);
    const std::vector<float> got =
        read_all(*AudioReader::open(folder_.write("b.mp3", rubbish + read_file(folder_.path("a.mp3")))));
    EXPECT_GT(test::match(got, test::reference(length_s), 2000).correlation, 0.95);
}

TEST_F(Formats, CutFilesSaySo) {
    const std::pair<const char*, const char*> kinds[] = {{"a.mp3", ""},
                                                         {"a.flac", ""},
                                                         {"a.ogg", "-c:a libvorbis"},
                                                         {"a.opus", "-c:a libopus"},
                                                         {"a.wma", ""},
                                                         {"a.aiff", ""},
                                                         {"a.caf", ""},
                                                         {"a.w64", ""},
                                                         {"a.mka", "-c:a libopus"},
                                                         {"a.aac", ""},
                                                         {"a.m4a", "-c:a aac -movflags +faststart"},
                                                         {"a.avi", "-c:a libmp3lame"}};
    for (const auto& [name, arguments] : kinds) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(test::ffmpeg("-i " + source_ + " " + arguments + " " + folder_.path(name)));
        const std::string whole = read_file(folder_.path(name));
        const auto reader =
            AudioReader::open(folder_.write(std::string("cut_") + name, whole.substr(0, whole.size() * 6 / 10)));
        const std::vector<float> got = read_all(*reader);
        EXPECT_GT(static_cast<double>(got.size()) / sample_rate, 0.4 * length_s);
        EXPECT_LT(static_cast<double>(got.size()) / sample_rate, 0.8 * length_s);
        EXPECT_GT(test::match(got, {test::reference(2)}).correlation, 0.9) << "what is there is right";
        ASSERT_FALSE(reader->warnings().empty());
        EXPECT_EQ(reader->warnings()[0].find("the file ends early: "), 0u) << reader->warnings()[0];
    }
}

TEST_F(Formats, DamageInTheMiddleIsPassedOverAndCounted) {
    const std::string path = folder_.path("a.flac");
    ASSERT_TRUE(test::ffmpeg("-i " + source_ + " -ac 1 -ar 16000 " + path));
    std::string bytes = read_file(path);
    for (size_t i = 0; i < 2000; ++i) bytes[bytes.size() / 2 + i] = static_cast<char>(i * 37);
    const auto reader = AudioReader::open(folder_.write("damaged.flac", bytes));
    const std::vector<float> got = read_all(*reader);
    EXPECT_FALSE(reader->warnings().empty());
    const std::vector<float> whole = test::reference(length_s);
    const std::vector<float> end(whole.begin() + 80000, whole.end());
    ASSERT_GT(got.size(), 90000u);
    EXPECT_GT(test::match({got.begin() + 80000, got.end()}, end).correlation, 0.95) << "the clock is kept";
}

}  // namespace
}  // namespace ft
