// Everything that is no healthy audio file: cut off, damaged, disguised, random.
#include <gtest/gtest.h>

#include <random>

#include "audio/audio_stream.h"
#include "audio/declared_size.h"
#include "audio/media_policy.h"
#include "audio/testing/test_audio.h"
#include "base/error.h"
#include "base/file.h"

namespace ft {
namespace {

using test::expect_refused;
using test::TemporaryFolder;

std::string random_bytes(uint32_t seed, size_t count) {
    std::mt19937 random(seed);
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() & 0xFF);
    return bytes;
}

TEST(AudioDamage, PlaylistsAndScriptsAreRefusedUnderAnyName) {
    const TemporaryFolder folder;
    folder.write("voice.wav", test::signal_wav(16000, 1, 1));
    const std::string hls = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\nvoice.wav\n#EXT-X-ENDLIST\n";
    for (const char* name : {"a.m3u8", "a.mp3", "a.wav", "a"}) expect_refused(folder.write(name, hls), "HLS");
    expect_refused(folder.write("bom.mp3", "\xEF\xBB\xBF\r\n" + hls), "HLS");
    expect_refused(folder.write("b.wav", "ffconcat version 1.0\nfile voice.wav\n"), "concat");
    expect_refused(folder.write("b.ffconcat", "# list\nfile voice.wav\n"), "");
    expect_refused(folder.write("c.wav", "file 'voice.wav'\nfile 'voice.wav'\n"), "text");
    expect_refused(folder.write("d.mp4", "<?xml version=\"1.0\"?>\n<!-- x -->\n<MPD xmlns=\"urn:mpeg:dash\"/>"),
                   "DASH");
    expect_refused(folder.write("e.wav", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 0\r\n"), "SDP");
    expect_refused(folder.write("f.mp3", "[playlist]\nFile1=voice.wav\nLength1=-1\n"), "PLS");
    expect_refused(folder.write("g.wma", "<asx version=\"3.0\"><entry><ref href=\"voice.wav\"/></entry></asx>"), "ASX");
    expect_refused(folder.write("h.mp3", "1\n00:00:01,000 --> 00:00:02,000\nHej!\n\n"), "text");
    expect_refused(folder.write("i.m3u", "voice.wav\nvoice.wav\n"), "text");
    expect_refused(folder.write("%03d.wav", "voice.wav"), "text");
    expect_refused(folder.write("j.al", random_bytes(1, 5000)), "sampling rate");
}

TEST(AudioDamage, PolicyKnowsItsFormats) {
    EXPECT_TRUE(is_allowed_format("mov,mp4,m4a,3gp,3g2,mj2"));
    EXPECT_TRUE(is_allowed_format("matroska,webm"));
    for (const char* name : {"hls", "concat", "dash", "lavfi", "image2", "sdp", "rtsp", "srt", "s16le", "libopenmpt",
                             "webm_dash_manifest", "", ",", "wav_"}) {
        EXPECT_FALSE(is_allowed_format(name)) << name;
    }
    EXPECT_NE(describe_refused_format("concat").find("other files"), std::string::npos);
    EXPECT_TRUE(reference_kind("RIFF....WAVE").empty());
    EXPECT_TRUE(reference_kind("").empty());
    EXPECT_TRUE(reference_kind("<?xml").empty()) << "an unfinished prologue ends";
}

TEST(AudioDamage, RandomBytesAreNoAudioUnderAnyName) {
    const TemporaryFolder folder;
    uint32_t seed = 1;
    for (const char* name : {"a", "a.mp3", "a.wav", "a.m4a", "a.ogg", "a.aac", "a.ac3", "a.wma", "a.flac", "a.ts",
                             "a.mkv", "a.mpg", "a.amr", "a.opus", "a.avi"}) {
        for (const size_t size : {size_t{1}, size_t{100}, size_t{4096}, size_t{200000}}) {
            expect_refused(folder.write(name, random_bytes(seed++, size)), "");
        }
    }
    expect_refused(folder.write("zero.mp3", std::string(100000, '\0')), "");
}

TEST(AudioDamage, HeadersWithoutSamplesAndAbsurdHeaders) {
    const TemporaryFolder folder;
    const std::string samples(32000, '\1');
    expect_refused(folder.write("header.wav", test::wav(16000, 1, {})), "not a single sample");
    expect_refused(folder.write("fast.wav", test::wav(0x7FFFFFFF, 1, samples)), "Hz");
    expect_refused(folder.write("slow.wav", test::wav(3, 1, samples)), "Hz");
    expect_refused(folder.write("none.wav", test::wav(0, 1, samples)), "");
    expect_refused(folder.write("many.wav", test::wav(16000, 3000, samples)), "");
    expect_refused(folder.write("tag.wav", test::wav(16000, 1, samples, 0x4711)), "decode");
    expect_refused(folder.write("noindex.mov", test::mov(16000, samples).substr(0, 9000)), "index");
}

/// The warnings after reading the whole file, which must give at least `least_s` seconds.
std::vector<std::string> warnings_of(const std::string& path, double least_s) {
    const auto reader = AudioReader::open(path);
    EXPECT_GE(static_cast<double>(read_all(*reader).size()), least_s * sample_rate);
    return reader->warnings();
}

TEST(AudioDamage, ACutFileGoesAsFarAsItGoesAndSaysSo) {
    const TemporaryFolder folder;
    const std::string whole = test::signal_wav(16000, 1, 10);
    EXPECT_TRUE(warnings_of(folder.write("whole.wav", whole), 10).empty());
    const auto warnings = warnings_of(folder.write("cut.wav", whole.substr(0, whole.size() / 2 + 1)), 4.9);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_EQ(warnings[0].find("the file ends early: "), 0u) << warnings[0];
    EXPECT_TRUE(warnings_of(folder.write("few.wav", whole.substr(0, whole.size() - 20)), 9.9).empty());
    const std::string odd = whole + '\0';  // a stray byte behind the samples harms nobody
    EXPECT_TRUE(warnings_of(folder.write("odd.wav", odd), 10).empty());
}

TEST(AudioDamage, DeclaredSizes) {
    const auto declared = [](std::string bytes) { return declared_bytes(*memory_source("x", std::move(bytes))); };
    const std::string samples(1000, 'x');
    EXPECT_EQ(declared(test::wav(8000, 1, samples)), 1044);
    EXPECT_EQ(declared(test::wav(8000, 1, samples, 1, 16, 99999)), 44 + 99999);
    EXPECT_EQ(declared(test::wav(8000, 1, samples, 1, 16, 0xFFFFFFFF)), std::nullopt);
    EXPECT_EQ(declared(test::wav(8000, 1, samples, 1, 16, 0x7FFFF000)), std::nullopt);
    EXPECT_EQ(declared(test::wav(8000, 1, samples, 1, 16, 0)), std::nullopt);
    EXPECT_EQ(declared(std::string("caff\0\1\0\0data\0\0\0\0\0\0\1\0", 20) + samples), 20 + 256);
    EXPECT_EQ(declared(std::string("caff\0\1\0\0data\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 20) + samples), std::nullopt);
    EXPECT_EQ(declared(samples), std::nullopt);
    EXPECT_EQ(declared("RIFF"), std::nullopt);
    // One page with one segment of three bytes, marked as the last.
    const std::string page = std::string("OggS\0\4", 6) + std::string(20, '\0') + "\1\3abc";
    EXPECT_FALSE(ogg_is_cut(*memory_source("x", page)));
    EXPECT_TRUE(ogg_is_cut(*memory_source("x", page.substr(0, page.size() - 1))));
    std::string more_to_come = page;
    more_to_come[5] = 0;
    EXPECT_TRUE(ogg_is_cut(*memory_source("x", more_to_come)));
    EXPECT_TRUE(ogg_is_cut(*memory_source("x", "no page at all")));
}

/// Flips, removes, repeats and overwrites bytes: all the same for the same seed.
std::string mutated(std::string bytes, uint32_t seed) {
    std::mt19937 random(seed);
    const auto below = [&random](size_t limit) { return static_cast<size_t>(random()) % std::max<size_t>(1, limit); };
    for (size_t changes = 1 + below(8); changes > 0 && !bytes.empty(); --changes) {
        // Half of the changes hit the headers, where they do most harm.
        const size_t at = below(random() % 2 == 0 ? std::min<size_t>(bytes.size(), 300) : bytes.size());
        switch (below(5)) {
            case 0:
                bytes[at] = static_cast<char>(random());
                break;
            case 1:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                break;
            case 2:
                bytes.erase(at, 1 + below(40));
                break;
            case 3:
                bytes.insert(at, bytes.substr(at, 1 + below(200)));
                break;
            default:
                bytes.replace(at, std::min<size_t>(4, bytes.size() - at), 4, random() % 2 == 0 ? '\xFF' : '\0');
        }
    }
    if (below(4) == 0) bytes.resize(below(bytes.size() + 1));
    return bytes;
}

/// Reads at most `limit_s`; either an Error with a sentence or finite samples.
void expect_survives(const std::string& name, std::string bytes) {
    constexpr size_t limit = 600 * sample_rate;
    try {
        const auto reader = open_audio(memory_source(name, std::move(bytes)));
        std::vector<float> part;
        size_t count = 0;
        while (count < limit && reader->read(part, 1 << 14)) {
            count += part.size();
            for (const float sample : part) ASSERT_TRUE(sample >= -1 && sample <= 1) << name;
        }
        EXPECT_GT(count, 0u) << name;
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
}

TEST(AudioDamage, MutatedWavAndMovNeverCrash) {
    const std::string samples = test::pcm_s16(16000, 1, 0.3, [](int, double t) { return test::signal(t); });
    const std::string wav = test::signal_wav(22050, 2, 0.3);
    const std::string mov = test::mov(16000, samples, {}, 0.2);
    for (uint32_t seed = 0; seed < 250; ++seed) {
        expect_survives("mutated.wav", mutated(wav, seed));
        // The index, which is at the end: turn the file around for the mutation, so that it is hit as often.
        std::string turned(mov.rbegin(), mov.rend());
        turned = mutated(std::move(turned), seed);
        expect_survives("mutated.mov", std::string(turned.rbegin(), turned.rend()));
    }
}

TEST(AudioDamage, MutatedCompressedFilesNeverCrash) {
    if (!test::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg command, which makes the files, is not installed";
    const TemporaryFolder folder;
    const std::string source = folder.write("a.wav", test::signal_wav(16000, 1, 1));
    for (const char* name : {"a.mp3", "a.ogg", "a.flac", "a.m4a", "a.mkv", "a.wma"}) {
        ASSERT_TRUE(test::ffmpeg("-i " + source + " " + folder.path(name))) << name;
        const std::string bytes = read_file(folder.path(name));
        for (uint32_t seed = 0; seed < 100; ++seed) expect_survives(name, mutated(bytes, seed));
    }
}

}  // namespace
}  // namespace ft
