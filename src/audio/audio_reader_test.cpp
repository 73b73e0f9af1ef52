// AudioReader on files made by hand: works wherever the tests are built.
#include "audio/audio_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <thread>

#include "audio/testing/test_audio.h"
#include "base/error.h"

namespace ft {
namespace {

using test::TemporaryFolder;

struct Result {
    std::vector<float> samples;
    AudioInfo info;
    std::vector<std::string> warnings;
};

Result read_file_whole(const std::string& path) {
    const auto reader = AudioReader::open(path);
    Result result{read_all(*reader), reader->info(), {}};
    result.warnings = reader->warnings();
    return result;
}

void expect_signal(const Result& result, double length_s, double correlation = 0.999, int lag = 2) {
    EXPECT_NEAR(static_cast<double>(result.samples.size()), length_s * sample_rate, 2);
    const test::Match match = test::match(result.samples, test::reference(length_s));
    EXPECT_GT(match.correlation, correlation);
    EXPECT_LE(std::abs(match.lag), lag);
    for (const float sample : result.samples) ASSERT_TRUE(sample >= -1 && sample <= 1) << sample;
}

TEST(AudioReader, EveryRateAndChannelCountIsTheSameSignal) {
    const TemporaryFolder folder;
    for (const int rate : {8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000}) {
        SCOPED_TRACE(rate);
        const Result result = read_file_whole(folder.write("a.wav", test::signal_wav(rate, 1, 2.5)));
        expect_signal(result, 2.5);
        EXPECT_EQ(result.info.source_rate, rate);
        EXPECT_NEAR(result.info.duration_s, 2.5, 0.001);
        EXPECT_TRUE(result.warnings.empty());
    }
    for (int channels = 1; channels <= 8; ++channels) {
        SCOPED_TRACE(channels);
        const Result result = read_file_whole(folder.write("a.wav", test::signal_wav(16000, channels, 1.5)));
        expect_signal(result, 1.5);
        EXPECT_EQ(result.info.channels, channels);
        EXPECT_EQ(result.info.container, "wav");
    }
}

TEST(AudioReader, ChannelsCanBeReadOneByOne) {
    const TemporaryFolder folder;
    const auto value = [](int channel, double t) {
        return (channel == 1 ? -0.5 : 1.0) * test::signal(t + 3 * channel);
    };
    for (const int rate : {8000, 16000, 44100}) {
        const std::string path = folder.write("a.wav", test::wav(rate, 3, test::pcm_s16(rate, 3, 2.5, value)));
        const auto reader = AudioReader::open(path, {ChannelReading::split});
        std::vector<std::vector<float>> part, all(3);
        while (reader->read_channels(part, 1000)) {
            ASSERT_EQ(part.size(), 3U);
            for (size_t c = 0; c < 3; ++c) {
                EXPECT_EQ(part[c].size(), part[0].size());
                EXPECT_LE(part[c].size(), 1000U);
                all[c].insert(all[c].end(), part[c].begin(), part[c].end());
            }
        }
        for (int c = 0; c < 3; ++c) {
            // As the channel alone gives them.
            const auto alone = [&](int, double t) { return value(c, t); };
            const std::string one = folder.write("b.wav", test::wav(rate, 1, test::pcm_s16(rate, 1, 2.5, alone)));
            const std::vector<float> expected = read_file_whole(one).samples;
            ASSERT_EQ(all[static_cast<size_t>(c)].size(), expected.size()) << rate;
            for (size_t i = 0; i < expected.size(); ++i)
                ASSERT_NEAR(all[static_cast<size_t>(c)][i], expected[i], 1e-6)
                    << rate << ", channel " << c << ", " << i;
        }
    }
    const std::string many = folder.write("c.wav", test::signal_wav(16000, 17, 0.5));
    std::vector<std::vector<float>> part;
    try {
        AudioReader::open(many, {ChannelReading::split})->read_channels(part, 1000);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unsupported);
        EXPECT_NE(std::string(error.what()).find("17 channels"), std::string::npos) << error.what();
    }
}

TEST(AudioReader, SampleFormatsOfWav) {
    const TemporaryFolder folder;
    std::string u8;
    std::string s24;
    std::string f32;
    for (const float sample : test::reference(2)) {
        u8 += static_cast<char>(std::lround(sample * 127) + 128);
        const auto wide = static_cast<uint32_t>(std::lround(sample * 8388607));
        for (int i = 0; i < 3; ++i) s24 += static_cast<char>(wide >> (8 * i) & 0xFF);
        const auto bits = std::bit_cast<uint32_t>(sample);
        for (int i = 0; i < 4; ++i) f32 += static_cast<char>(bits >> (8 * i) & 0xFF);
    }
    expect_signal(read_file_whole(folder.write("u8.wav", test::wav(16000, 1, u8, 1, 8))), 2, 0.998);
    expect_signal(read_file_whole(folder.write("s24.wav", test::wav(16000, 1, s24, 1, 24))), 2);
    expect_signal(read_file_whole(folder.write("f32.wav", test::wav(16000, 1, f32, 3, 32))), 2);
}

TEST(AudioReader, BrokenFloatsDoNotSpread) {
    const TemporaryFolder folder;
    std::string f32;
    const auto samples = test::reference(2);
    for (size_t i = 0; i < samples.size(); ++i) {
        const float sample = i % 4000 == 7    ? std::numeric_limits<float>::quiet_NaN()
                             : i % 4000 == 99 ? std::numeric_limits<float>::infinity()
                                              : samples[i];
        const auto bits = std::bit_cast<uint32_t>(sample);
        for (int b = 0; b < 4; ++b) f32 += static_cast<char>(bits >> (8 * b) & 0xFF);
    }
    expect_signal(read_file_whole(folder.write("f32.wav", test::wav(48000, 1, f32, 3, 32))), 2.0 / 3, -1, 2000);
    expect_signal(read_file_whole(folder.write("f32.wav", test::wav(16000, 1, f32, 3, 32))), 2, 0.98);
}

TEST(AudioReader, AntiphaseStereoIsHeard) {
    const TemporaryFolder folder;
    for (const int rate : {16000, 44100}) {
        const std::string samples =
            test::pcm_s16(rate, 2, 3, [](int channel, double t) { return test::signal(t) * (channel == 0 ? 1 : -1); });
        const Result result = read_file_whole(folder.write("a.wav", test::wav(rate, 2, samples)));
        expect_signal(result, 3);
        EXPECT_GT(test::rms(result.samples, 0, 48000), 0.9 * test::rms(test::reference(3), 0, 48000));
    }
}

TEST(AudioReader, ReadsInPartsOfAnySize) {
    const TemporaryFolder folder;
    const std::string path = folder.write("a.wav", test::signal_wav(44100, 2, 1.2));
    const std::vector<float> whole = read_file_whole(path).samples;
    for (const size_t part : {size_t{1}, size_t{333}, size_t{1} << 20}) {
        const auto reader = AudioReader::open(path);
        std::vector<float> all;
        std::vector<float> samples;
        while (reader->read(samples, part)) {
            ASSERT_TRUE(!samples.empty() && samples.size() <= part);
            all.insert(all.end(), samples.begin(), samples.end());
        }
        EXPECT_TRUE(samples.empty());
        EXPECT_FALSE(reader->read(samples, part)) << "the end stays the end";
        EXPECT_EQ(all, whole) << part;
    }
}

/// Puts bytes into a pipe as standard input would get them, and reads "-".
Result read_as_stdin(const std::string& bytes) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    const int saved = ::dup(STDIN_FILENO);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    std::thread writer([&bytes, out = ends[1]] {
        for (size_t done = 0; done < bytes.size();) {
            const ssize_t written = ::write(out, bytes.data() + done, std::min<size_t>(5000, bytes.size() - done));
            if (written <= 0) break;
            done += static_cast<size_t>(written);
        }
        ::close(out);
    });
    Result result;
    std::exception_ptr failure;
    try {
        result = read_file_whole("-");
    } catch (...) {
        failure = std::current_exception();
        char rest[4096];
        while (::read(STDIN_FILENO, rest, sizeof rest) > 0) {
        }
    }
    writer.join();
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
    if (failure) std::rethrow_exception(failure);
    return result;
}

TEST(AudioReader, StandardInputThroughAPipe) {
    expect_signal(read_as_stdin(test::signal_wav(22050, 1, 3)), 3);
    const std::string samples = test::pcm_s16(16000, 1, 3, [](int, double t) { return test::signal(t); });
    const Result result = read_as_stdin(test::wav(16000, 1, samples, 1, 16, 0xFFFFFFFF));
    expect_signal(result, 3);
    EXPECT_TRUE(result.warnings.empty()) << "a length that nobody could know is no truncation";
    // Unknown, or what came through the pipe where that was all read at once; never the placeholder's 37 hours.
    EXPECT_LE(result.info.duration_s, 3.001);
    expect_signal(read_as_stdin(test::wav(16000, 1, samples, 1, 16, 0x7FFFF000)), 3);
}

TEST(AudioReader, StandardInputWithTheIndexAtTheEnd) {
    const std::string samples = test::pcm_s16(16000, 1, 6, [](int, double t) { return test::signal(t); });
    const Result result = read_as_stdin(test::mov(16000, samples));
    expect_signal(result, 6);
    EXPECT_EQ(result.info.container.substr(0, 3), "mov");
}

TEST(AudioReader, StandardInputErrorsNameIt) {
    try {
        read_as_stdin("#EXTM3U\n#EXTINF:1,\nsegment.ts\n");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_media);
        EXPECT_EQ(std::string(error.what()).find("standard input: is an HLS"), 0u) << error.what();
    }
    EXPECT_THROW(read_as_stdin(""), Error);
}

TEST(AudioReader, StandardInputFromAFileStartsWhereItStands) {
    const TemporaryFolder folder;
    const std::string path = folder.write("a", "skipped" + test::signal_wav(16000, 1, 1));
    const int saved = ::dup(STDIN_FILENO);
    std::FILE* file = std::fopen(path.c_str(), "rb");
    ASSERT_NE(file, nullptr);
    ::dup2(::fileno(file), STDIN_FILENO);
    std::fclose(file);
    ::lseek(STDIN_FILENO, 7, SEEK_SET);
    const Result result = read_file_whole("-");
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
    expect_signal(result, 1);
}

TEST(AudioReader, AnEditThatStartsLaterIsSilenceFirst) {
    const TemporaryFolder folder;
    const std::string samples = test::pcm_s16(16000, 1, 3, [](int, double t) { return test::signal(t); });
    const Result plain = read_file_whole(folder.write("a.mov", test::mov(16000, samples)));
    expect_signal(plain, 3);
    Result late = read_file_whole(folder.write("b.mov", test::mov(16000, samples, {}, 1.5)));
    ASSERT_NEAR(static_cast<double>(late.samples.size()), 4.5 * 16000, 2);
    EXPECT_LT(test::rms(late.samples, 0, 23900), 1e-4);
    late.samples.erase(late.samples.begin(), late.samples.begin() + 24000);
    expect_signal(late, 3);
    EXPECT_TRUE(late.warnings.empty());
}

TEST(AudioReader, ExternalReferencesAreNotFollowed) {
    const TemporaryFolder folder;
    const std::string samples = test::pcm_s16(16000, 1, 2, [](int, double t) { return test::signal(t); });
    const std::string secret = folder.write("secret.raw", samples);
    const std::string path = folder.write("reference.mov", test::mov(16000, samples, secret));
    test::expect_refused(path, "another file");
}

TEST(AudioReader, NamesAreNamesNotProtocols) {
    const TemporaryFolder folder;
    folder.write("a.wav", test::signal_wav(16000, 1, 1));
    folder.write("concat:a.wav|a.wav", test::signal_wav(16000, 1, 0.5));
    expect_signal(read_file_whole(folder.path("concat:a.wav|a.wav")), 0.5);
    for (const char* name :
         {"file:/etc/hostname", "http://127.0.0.1:9/a.mp3", "pipe:0", "data:audio/wav;base64,AAAA"}) {
        try {
            AudioReader::open(name);
            FAIL() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::not_found) << error.what();
        }
    }
}

TEST(AudioReader, SourcesThatCannotBeRead) {
    const TemporaryFolder folder;
    try {
        AudioReader::open(folder.path("nothing.mp3"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
        EXPECT_NE(std::string(error.what()).find("nothing.mp3: there is no such file"), std::string::npos);
    }
    test::expect_refused(folder.path(""), "is a folder");
    test::expect_refused(folder.write("empty.wav", ""), "is empty");
    test::expect_refused("/dev/zero", "is a device");
    EXPECT_THROW(AudioReader::open(""), Error);
    if (::access("/proc/self/mem", R_OK) == 0) {  // reading its first byte fails as a broken disk would
        try {
            AudioReader::open("/proc/self/mem");
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io) << error.what();
        }
    }
}

/// 0 when opening `path` is refused for want of permission.
int try_closed_file(const std::string& path) {
    // Root may read everything: become nobody (in a process of its own) to be refused.
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) return 2;
    try {
        AudioReader::open(path);
    } catch (const Error& error) {
        const bool named = std::string(error.what()).find("closed.wav: may not be read") != std::string::npos;
        return error.code() == ErrorCode::permission && named ? 0 : 1;
    }
    return 1;
}

TEST(AudioReader, PermissionIsSaid) {
    const TemporaryFolder folder;
    const std::string path = folder.write("closed.wav", test::signal_wav(16000, 1, 1));
    ::chmod(path.c_str(), 0);
    EXPECT_EXIT(std::_Exit(try_closed_file(path)), testing::ExitedWithCode(0), "");
}

/// A wav of nothing but zeros that takes no room on the disk.
std::string sparse_wav(const TemporaryFolder& folder, int rate, int64_t length_s) {
    const int64_t bytes = length_s * rate * 2;
    const std::string path = folder.write("long.wav", test::wav(rate, 1, {}, 1, 16, bytes));
    EXPECT_EQ(::truncate(path.c_str(), 44 + bytes), 0);
    return path;
}

int64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    int64_t pages = 0;
    file >> pages >> pages;
    return pages * ::sysconf(_SC_PAGESIZE);
}

TEST(AudioReader, MemoryStaysFlat) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers keep freed memory";
#endif
    const TemporaryFolder folder;
    constexpr int64_t length_s = 3 * 3600;
    const auto reader = AudioReader::open(sparse_wav(folder, 8000, length_s));
    std::vector<float> part;
    int64_t samples = 0;
    int64_t early = 0;
    while (reader->read(part, 1 << 15)) {
        samples += static_cast<int64_t>(part.size());
        if (early == 0 && samples > 60 * sample_rate) early = resident_bytes();
    }
    EXPECT_EQ(samples, length_s * sample_rate);
    EXPECT_LT(resident_bytes() - early, int64_t{4} << 20);
}

}  // namespace
}  // namespace ft
