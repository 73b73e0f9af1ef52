// The kit's reader and FFmpeg's give the same samples of the same WAV file, and damaged files are refused in a
// sentence.
#include "wav_audio_reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/testing/temporary_folder.h"

namespace ft {
namespace {

std::string little(uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
    return text;
}

struct WavFile {
    uint32_t channels = 1, rate = 16000, bits = 16, code = 1;
    std::string other_chunk;  ///< between format and data
    std::vector<int16_t> samples;

    std::string bytes() const {
        std::string data;
        for (const int16_t sample : samples) data += little(static_cast<uint16_t>(sample), 2);
        const std::string format = little(code, 2) + little(channels, 2) + little(rate, 4) +
                                   little(rate * channels * bits / 8, 4) + little(channels * bits / 8, 2) +
                                   little(bits, 2);
        const std::string body = "WAVEfmt " + little(16, 4) + format + other_chunk + "data" +
                                 little(static_cast<uint32_t>(data.size()), 4) + data;
        return "RIFF" + little(static_cast<uint32_t>(body.size()), 4) + body;
    }
};

/// A tone and some noise, from one end of the scale to the other.
std::vector<int16_t> sound(size_t count) {
    std::vector<int16_t> samples;
    uint32_t random = 7;
    for (size_t i = 0; i < count; ++i) {
        random = random * 1664525U + 1013904223U;
        samples.push_back(static_cast<int16_t>(random >> 16));
    }
    samples[0] = 32767;
    samples[1] = -32768;
    return samples;
}

class WavAudioReader : public testing::Test {
  protected:
    std::string write(const std::string& bytes) {
        const auto path = folder_.path() / "a.wav";
        std::ofstream(path, std::ios::binary) << bytes;
        return path.string();
    }
    static std::vector<float> all(AudioReader& reader) {
        std::vector<float> samples, part;
        while (reader.read(part, 1000)) samples.insert(samples.end(), part.begin(), part.end());
        return samples;
    }
    void expect_refused(const std::string& bytes, const std::string& why) {
        try {
            all(*open_wav(write(bytes)));
            ADD_FAILURE() << "was read: " << why;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_media);
            EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
        }
    }

    test::TemporaryFolder folder_;
};

TEST_F(WavAudioReader, GivesTheSamplesThatFfmpegGives) {
    for (const uint32_t channels : {1U, 2U}) {
        WavFile file;
        file.channels = channels;
        file.samples = sound(33333 * channels);
        file.other_chunk = "note" + little(3, 4) + "abc" + '\0';
        const std::string path = write(file.bytes());
        const auto ours = open_wav(path), real = AudioReader::open(path);
        EXPECT_EQ(ours->info().duration_s, real->info().duration_s);
        EXPECT_EQ(ours->info().channels, static_cast<int>(channels));
        const std::vector<float> got = all(*ours), expected = all(*real);
        ASSERT_EQ(got.size(), expected.size());
        for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-6) << channels << ", " << i;
        EXPECT_TRUE(ours->warnings().empty());

        const auto split = open_wav(path), real_split = AudioReader::open(path, {ChannelReading::split});
        std::vector<std::vector<float>> a, b;
        ASSERT_TRUE(split->read_channels(a, 4096) && real_split->read_channels(b, 4096));
        EXPECT_EQ(a, b);
    }
}

TEST_F(WavAudioReader, AFileThatEndsEarlySaysSo) {
    WavFile file;
    file.samples = sound(5000);
    const std::string bytes = file.bytes();
    const auto reader = open_wav(write(bytes.substr(0, bytes.size() - 1001)));
    EXPECT_EQ(all(*reader).size(), 4499);
    ASSERT_EQ(reader->warnings().size(), 1);
}

TEST_F(WavAudioReader, OtherFilesAreRefused) {
    WavFile good;
    good.samples = sound(100);
    expect_refused("", "ends within its header");
    expect_refused("RIFF....AVI LIST", "is no WAV file");
    for (size_t size = 1; size < 44; ++size) expect_refused(good.bytes().substr(0, size), "header");
    WavFile file = good;
    file.rate = 44100;
    expect_refused(file.bytes(), "sampling rate");
    file = good;
    file.bits = 8;
    expect_refused(file.bytes(), "16-bit");
    file = good;
    file.code = 3;
    expect_refused(file.bytes(), "16-bit");
    file = good;
    file.channels = 0;
    expect_refused(file.bytes(), "channel");
    file = good;
    file.samples.clear();
    expect_refused(file.bytes(), "no samples");
    EXPECT_THROW(open_wav((folder_.path() / "none.wav").string()), Error);
}

}  // namespace
}  // namespace ft
