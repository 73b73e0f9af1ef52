// Every container and codec that is promised, through the whole program: what holds the same samples gives the same
// text, and what lost some (8 bits, 8 kHz, perceptual codecs) gives nearly the same words, as far as the model hears
// them. That the samples themselves are right is tested in src/audio/audio_formats_test.cpp.
#include <sstream>

#include "audio/testing/test_audio.h"
#include "base/file.h"
#include "e2e_fixture.h"

namespace ft {
namespace {

constexpr const char* pictures = "-f lavfi -i testsrc=size=64x48:rate=5 -map 0:a -map 1:v -shortest ";

struct Container {
    std::string name;       ///< of the file, also of its transcript
    std::string arguments;  ///< for ffmpeg, between the wav and the file
    double least_shared;    ///< share of the wav's words; 1: the text is equal
};

const std::vector<Container>& containers() {
    static const std::string video = pictures;
    static const std::vector<Container> all = {
        {"s16.wav", "-c:a pcm_s16le", 1},
        {"s24.wav", "-c:a pcm_s24le", 1},
        {"f32.wav", "-c:a pcm_f32le", 1},
        {"flac.flac", "", 1},
        {"aiff.aiff", "", 1},
        {"caf.caf", "-c:a pcm_s16be", 1},
        {"w64.w64", "", 1},
        {"lossless.mkv", video + "-c:v mpeg4 -c:a flac", 1},
        {"u8.wav", "-c:a pcm_u8", 0.8},
        {"alaw.wav", "-c:a pcm_alaw", 0.8},
        {"mulaw.wav", "-c:a pcm_mulaw", 0.8},
        {"adpcm.wav", "-c:a adpcm_ms", 0.8},
        {"ima.wav", "-c:a adpcm_ima_wav", 0.8},
        {"mp3.mp3", "", 0.7},
        {"aac.m4a", "-c:a aac", 0.8},
        {"vorbis.ogg", "-c:a libvorbis", 0.8},
        {"opus.opus", "-c:a libopus", 0.8},
        {"wma.wma", "", 0.7},
        {"48k.flac", "-ar 48000", 0.8},
        {"96k.flac", "-ar 96000", 0.8},
        {"stereo.flac", "-ac 2", 0.8},
        {"surround.flac", "-ac 6", 0.8},
        {"video.mp4", video + "-c:v mpeg4 -c:a aac", 0.8},
        {"video.mkv", video + "-c:v mpeg4 -c:a libopus", 0.8},
        {"video.webm", video + "-c:v libvpx -c:a libopus", 0.8},
        {"video.avi", video + "-c:v mpeg4 -c:a libmp3lame", 0.7},
        {"phone.wav", "-c:a pcm_alaw -ar 8000 -ac 1", 0.6},
        {"gsm.wav", "-c:a libgsm_ms -ar 8000 -ac 1", 0.6},
        {"8k.flac", "-ar 8000", 0.6},
    };
    return all;
}

TEST_F(E2eTest, EveryContainerGivesTheTextOfItsWav) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    if (!test::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg command, which makes the files, is not installed";
    const std::string wav = (folder_ / "source.wav").string();
    ASSERT_TRUE(test::ffmpeg("-i " + samples()[0].audio.string() + " -c:a pcm_s16le -ar 16000 -ac 1 " + wav));
    std::vector<std::string> arguments = {"--model", model().string(), "-q", "-f", "txt", "-o", "out", "source.wav"};
    for (const Container& container : containers()) {
        const std::string path = (folder_ / container.name).string();
        ASSERT_TRUE(test::ffmpeg("-i " + wav + " " + container.arguments + " " + path));
        arguments.push_back(container.name);
    }
    ASSERT_EQ(run(arguments), 0) << err();
    const std::string expected = read_file(folder_ / "out/source.txt");
    ASSERT_GE(words_of(expected).size(), 15U) << expected;
    // The program names each file's transcript, in the order of the files.
    std::istringstream names(out());
    std::string name;
    std::getline(names, name);
    for (const Container& container : containers()) {
        ASSERT_TRUE(std::getline(names, name)) << container.name;
        const std::string text = read_file(folder_ / name);
        if (container.least_shared >= 1) {
            EXPECT_EQ(text, expected) << container.name;
        } else {
            EXPECT_GE(shared_words(expected, text), container.least_shared) << container.name << " gave: " << text;
        }
    }
}

}  // namespace
}  // namespace ft
