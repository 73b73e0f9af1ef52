// Decoding on several threads against decoding on one: samples, warnings and errors are the same.
#include "audio/range_decoder.h"

#include <gtest/gtest.h>

#include "audio/audio_stream.h"
#include "audio/testing/test_audio.h"
#include "base/error.h"
#include "base/file.h"

namespace ft {
namespace {

using test::TemporaryFolder;

struct Outcome {
    std::vector<float> samples;
    std::vector<std::string> warnings;
    std::string error;
};

Outcome outcome_of(std::unique_ptr<ByteSource> source, int threads, size_t part = 5000) {
    Outcome outcome;
    try {
        const auto reader = open_audio(std::move(source), {ChannelReading::mix, threads});
        std::vector<float> samples;
        while (reader->read(samples, part)) {
            outcome.samples.insert(outcome.samples.end(), samples.begin(), samples.end());
        }
        outcome.warnings = reader->warnings();
    } catch (const Error& error) {
        outcome.error = error.what();
    }
    return outcome;
}

/// Compares 2 and 4 threads with one; returns what one gave.
Outcome expect_same(const std::string& name, const std::string& bytes) {
    const Outcome expected = outcome_of(memory_source(name, bytes), 1);
    for (const int threads : {2, 4}) {
        SCOPED_TRACE(name + " on " + std::to_string(threads) + " threads");
        const Outcome got = outcome_of(memory_source(name, bytes), threads);
        EXPECT_EQ(got.samples.size(), expected.samples.size());
        EXPECT_TRUE(got.samples == expected.samples) << "the samples differ";
        EXPECT_EQ(got.warnings, expected.warnings);
        EXPECT_EQ(got.error, expected.error);
    }
    return expected;
}

/// How many ranges were joined; -1 when ranges do not suit the file.
int64_t joined_ranges(const std::string& name, const std::string& bytes, int threads = 3) {
    MediaFile file(memory_source(name, bytes));
    if (!RangeDecoder::suits(file, threads)) return -1;
    RangeDecoder decoder(file, threads);
    while (decoder.next() != nullptr) {
    }
    return decoder.joined_ranges();
}

class RangeFormats : public testing::Test {
  protected:
    void SetUp() override {
        if (!test::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg command, which makes the files, is not installed";
        source_ = folder_.write("source.wav", test::signal_wav(22050, 1, 7));
    }
    std::string make(const std::string& name, const std::string& arguments) {
        EXPECT_TRUE(test::ffmpeg("-stream_loop 4 -i " + source_ + " " + arguments + " " + folder_.path(name))) << name;
        return read_file(folder_.path(name));
    }
    TemporaryFolder folder_;
    std::string source_;
};

TEST_F(RangeFormats, OnlyLongFilesOnSeveralThreads) {
    const std::string bytes = make("a.flac", "-ar 44100");
    EXPECT_EQ(joined_ranges("a.flac", bytes, 1), -1);
    EXPECT_GT(joined_ranges("a.flac", bytes, 2), 5);
    EXPECT_EQ(joined_ranges("b.flac", make("b.flac", "-t 12"), 2), -1);
    // Nothing that would be worth a thread.
    EXPECT_EQ(joined_ranges("a.wav", make("a.wav", "-ar 44100"), 2), -1);
}

TEST_F(RangeFormats, MayBeLeftAtAnyTime) {
    const std::string bytes = make("a.flac", "-ar 44100 -ac 2");
    for (size_t reads = 0; reads < 40; reads += 9) {
        const auto reader = open_audio(memory_source("a.flac", bytes), {ChannelReading::mix, 4});
        std::vector<float> samples;
        for (size_t i = 0; i < reads; ++i) EXPECT_TRUE(reader->read(samples, 7000));
    }
}

/// Fails when a byte beyond `end` is asked for, as a disk does that breaks.
class BrokenSource final : public ByteSource {
  public:
    BrokenSource(const std::string& bytes, int64_t end) : inner_(memory_source("a.flac", bytes)), end_(end) {}
    const std::string& name() const noexcept override { return inner_->name(); }
    int64_t read_at(int64_t offset, uint8_t* buffer, size_t count) noexcept override {
        if (offset < end_) return inner_->read_at(offset, buffer, std::min(count, static_cast<size_t>(end_ - offset)));
        failure_ = "broken";
        return -1;
    }
    std::optional<int64_t> size() const noexcept override { return inner_->size(); }
    const std::string& failure() const noexcept override { return failure_; }

  private:
    std::unique_ptr<ByteSource> inner_;
    int64_t end_;
    std::string failure_;
};

TEST_F(RangeFormats, AFailureToReadComesAfterTheSamplesBeforeIt) {
    const std::string bytes = make("a.flac", "-ar 44100");
    const auto end = static_cast<int64_t>(bytes.size() * 2 / 3);
    const auto samples_until_failure = [&](int threads) {
        const auto reader = open_audio(std::make_unique<BrokenSource>(bytes, end), {ChannelReading::mix, threads});
        std::vector<float> all;
        std::vector<float> samples;
        try {
            while (reader->read(samples, 160)) all.insert(all.end(), samples.begin(), samples.end());
            ADD_FAILURE() << "nothing was thrown";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io) << error.what();
        }
        return all;
    };
    const std::vector<float> expected = samples_until_failure(1);
    EXPECT_GT(expected.size(), 300000U);
    for (const int threads : {2, 4}) EXPECT_TRUE(samples_until_failure(threads) == expected) << threads;
}

std::vector<Packet> packets_of(std::initializer_list<int> sizes) {
    std::vector<Packet> packets;
    for (const int size : sizes) {
        packets.emplace_back(av_packet_alloc());
        av_new_packet(packets.back().get(), size);
    }
    return packets;
}

TEST(RangeDecoder, PrimersReachAsFarAsTheCodecRemembers) {
    EXPECT_EQ(primer_length(AV_CODEC_ID_FLAC, {}), 0u);
    EXPECT_EQ(primer_length(AV_CODEC_ID_MP3, packets_of({418, 418, 418, 418, 418, 418})), 5u);
    EXPECT_EQ(primer_length(AV_CODEC_ID_MP3, packets_of({48, 48, 48, 48, 48, 48})), std::nullopt);
    EXPECT_EQ(primer_length(AV_CODEC_ID_VORBIS, packets_of({40, 40, 40, 40})), 3u);
    for (const AVCodecID codec : {AV_CODEC_ID_PCM_S16LE, AV_CODEC_ID_AAC, AV_CODEC_ID_AC3, AV_CODEC_ID_WMAV2}) {
        EXPECT_EQ(primer_length(codec, packets_of({400, 400, 400, 400, 400, 400})), std::nullopt);
    }
    // 60 ms a packet, then 20 ms, then 2.5 ms, then two frames of 20 ms: by the first byte.
    for (const auto& [first, wanted] :
         {std::pair{0x18, 67U}, std::pair{0xF8, 200U}, std::pair{0x80, 1600U}, std::pair{0xF9, 100U}}) {
        std::vector<Packet> packets;
        for (unsigned i = 0; i < wanted; ++i) {
            EXPECT_EQ(primer_length(AV_CODEC_ID_OPUS, packets), std::nullopt);
            packets.emplace_back(av_packet_alloc());
            av_new_packet(packets.back().get(), 2);
            packets.back()->data[0] = static_cast<uint8_t>(first);
        }
        EXPECT_EQ(primer_length(AV_CODEC_ID_OPUS, packets), wanted);
    }
}

TEST_F(RangeFormats, WhatIsJoinedIsTheSame) {
    const std::pair<const char*, const char*> kinds[] = {
        {"a.flac", ""},
        {"b.flac", "-ar 44100 -ac 2 -sample_fmt s32"},
        {"a.mp3", "-ar 44100 -ac 2 -b:a 128k"},
        {"b.mp3", "-ar 48000 -b:a 32k"},
        {"c.mp3", "-q:a 4"},
        {"d.mp3", "-ar 24000 -b:a 16k -write_xing 0"},
        {"a.m4a", "-c:a alac"},
        {"a.ogg", "-c:a libvorbis"},
        {"b.ogg", "-c:a flac"},
        {"a.mka", "-c:a libmp3lame"},
        {"b.mka", "-c:a libvorbis -ac 2"},
    };
    for (const auto& [name, arguments] : kinds) {
        SCOPED_TRACE(std::string(name) + " " + arguments);
        const std::string bytes = make(name, arguments);
        const Outcome outcome = expect_same(name, bytes);
        EXPECT_EQ(outcome.error, "");
        EXPECT_TRUE(outcome.warnings.empty()) << outcome.warnings[0];
        EXPECT_NEAR(static_cast<double>(outcome.samples.size()) / sample_rate, 35, 0.2);
        EXPECT_GE(joined_ranges(name, bytes), 2) << "nothing was decoded in ranges";
    }
}

TEST_F(RangeFormats, OpusFadesUntilItIsTheSame) {
    for (const auto& [name, arguments] : {std::pair{"a.opus", "-c:a libopus -b:a 24k"},
                                          std::pair{"a.webm", "-c:a libopus -b:a 96k -ac 2 -frame_duration 60"}}) {
        SCOPED_TRACE(std::string(name) + " " + arguments);
        const std::string bytes = make(name, arguments);
        EXPECT_EQ(expect_same(name, bytes).error, "");
        EXPECT_GE(joined_ranges(name, bytes), 1) << "nothing was decoded in ranges";
    }
}

/// A tone that has gone silent leaves the smallest of numbers behind, which a decoder that never heard it does not
/// have.
TEST_F(RangeFormats, OpusThatDoesNotFadeIsTheSameToo) {
    const std::string source =
        "-f lavfi -i \"sine=300:r=16000:d=100,volume='if(lt(mod(t,16.384),8),0.5,0)':eval=frame\" ";
    ASSERT_TRUE(test::ffmpeg(source + "-c:a libopus -b:a 24k " + folder_.path("z.opus")));
    const std::string bytes = read_file(folder_.path("z.opus"));
    EXPECT_EQ(expect_same("z.opus", bytes).error, "");
    EXPECT_LT(joined_ranges("z.opus", bytes), 6) << "every range continued the one before: the test tests nothing";
}

TEST_F(RangeFormats, CodecsWithALongMemoryAreLeftAlone) {
    const std::pair<const char*, const char*> kinds[] = {{"a.m4a", "-c:a aac"}, {"a.wma", ""}, {"a.ac3", ""}};
    for (const auto& [name, arguments] : kinds) {
        const std::string bytes = make(name, arguments);
        EXPECT_EQ(joined_ranges(name, bytes), -1) << name;
        expect_same(name, bytes);
    }
}

TEST_F(RangeFormats, DamageAnywhereIsTheSame) {
    for (const auto& [name, arguments] :
         {std::pair{"a.flac", ""}, std::pair{"a.mp3", "-b:a 64k"}, std::pair{"a.ogg", "-c:a libvorbis"},
          std::pair{"a.m4a", "-c:a alac"}, std::pair{"a.opus", "-c:a libopus"}}) {
        const std::string bytes = make(name, arguments);
        const Outcome healthy = outcome_of(memory_source(name, bytes), 1);
        for (const size_t tenth : {3, 5, 9}) {
            std::string damaged = bytes;
            const size_t at = bytes.size() * tenth / 10;
            for (size_t i = at; i < std::min(at + 3000, bytes.size()); ++i) damaged[i] = static_cast<char>(i * 37);
            EXPECT_TRUE(expect_same(name, damaged).samples != healthy.samples) << name << ": no damage was done";
            if (tenth == 5) expect_same(name, bytes.substr(0, at));
        }
    }
}

TEST_F(RangeFormats, ChangesInTheMiddleAreTheSame) {
    const std::string stereo = make("a.mp3", "-write_xing 0 -ar 44100 -ac 2");
    const std::string mono = make("b.mp3", "-write_xing 0 -id3v2_version 0 -ar 32000 -ac 1");
    expect_same("joined.mp3", stereo + mono);
    const std::string vorbis = make("a.ogg", "-c:a libvorbis");
    const std::string other = make("b.ogg", "-c:a libvorbis -ar 48000 -ac 2");
    expect_same("chained.ogg", vorbis + other);
    expect_same("chained_alike.ogg", vorbis + vorbis);
    const std::string flac = make("a.flac", "-ar 16000 -ac 1");
    expect_same("joined.flac", flac + make("b.flac", "-ar 44100 -ac 2"));
    const std::string hole = "-af \"aselect='not(between(t,12,17))'\" ";
    for (const auto& [name, codec] : {std::pair{"gap.mka", "-c:a flac"}, std::pair{"gap.mov", "-c:a alac"}}) {
        const Outcome outcome = expect_same(name, make(name, hole + codec));
        EXPECT_NEAR(static_cast<double>(outcome.samples.size()) / sample_rate, 35, 0.2) << name;
    }
}

}  // namespace
}  // namespace ft
