#include "speech/silero_detector.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "speech/silero_kernels.h"
#include "speech/test_signal.h"

namespace ft {
namespace {

namespace ts = test_signal;
using nlohmann::json;

const std::string weights_file = FT_SOURCE_DIR "/build/models/silero_vad_16k.safetensors";
const std::string recordings = FT_SOURCE_DIR "/../shared/audio/mworld/";

#define NEEDS_WEIGHTS() \
    if (!std::filesystem::exists(weights_file)) GTEST_SKIP() << weights_file << " is missing; ./test.sh gets it"

std::vector<Isa> usable_isas() {
    std::vector<Isa> isas;
    for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
        if (isa <= best_isa()) isas.push_back(isa);
    }
    return isas;
}

std::vector<float> run(VoiceDetector& detector, std::vector<float> pcm) {
    pcm.resize((pcm.size() + vad_frame_samples - 1) / vad_frame_samples * vad_frame_samples);
    std::vector<float> probabilities;
    detector.process(pcm, probabilities);
    EXPECT_EQ(probabilities.size(), pcm.size() / vad_frame_samples);
    return probabilities;
}

/// expected: in 1/10000, every `step`-th frame.
void expect_near(const std::vector<float>& probabilities, const json& expected, size_t step, const std::string& what) {
    ASSERT_EQ(expected.size(), (probabilities.size() + step - 1) / step) << what;
    float largest = 0.0F;
    for (size_t i = 0; i < expected.size(); ++i) {
        const float reference = expected[i].get<float>() / 10000;
        largest = std::max(largest, std::fabs(probabilities[i * step] - reference));
        ASSERT_NEAR(probabilities[i * step], reference, 2e-4) << what << ": frame " << i * step;
    }
    std::printf("largest difference from the reference (rounded to 1/10000), %s: %.1e\n", what.c_str(),
                static_cast<double>(largest));
}

json golden() {
    return json::parse(read_file(FT_SOURCE_DIR "/tests/golden/vad_probabilities.json"));
}

TEST(SileroDetector, EqualsTheReferenceWithEveryInstructionSet) {
    NEEDS_WEIGHTS();
    const json expected = golden();
    const std::vector<float> speech = ts::speech_like(20 * 16000 + 100, 1);
    ASSERT_EQ(ts::checksum(speech), expected.at("speech_checksum").get<uint32_t>())
        << "the golden file is of another signal";
    for (const Isa isa : usable_isas()) {
        const auto detector = make_silero_detector(weights_file, isa);
        const std::string name = "instruction set " + std::to_string(static_cast<int>(isa));
        expect_near(run(*detector, speech), expected.at("speech"), 1, name + ", speech");
        detector->reset();
        expect_near(run(*detector, ts::noise(5 * 16000, 7, 0.05)), expected.at("noise"), 1, name + ", noise");
        detector->reset();
        expect_near(run(*detector, ts::noise(5 * 16000, 8, 1.0)), expected.at("loud_noise"), 1, name + ", loud noise");
    }
}

/// A 16 kHz mono file through the ffmpeg command; empty when there is none.
std::vector<float> decode(const std::string& file) {
    const auto close = [](FILE* pipe) { ::pclose(pipe); };
    const std::unique_ptr<FILE, decltype(close)> pipe(
        ::popen(("ffmpeg -v error -i '" + file + "' -f f32le - 2>/dev/null").c_str(), "r"), close);
    std::vector<float> pcm;
    std::array<float, 4096> buffer;
    while (pipe != nullptr) {
        const size_t got = std::fread(buffer.data(), sizeof(float), buffer.size(), pipe.get());
        if (got == 0) break;
        pcm.insert(pcm.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(got));
    }
    return pcm;
}

TEST(SileroDetector, EqualsTheReferenceOnRecordings) {
    NEEDS_WEIGHTS();
    const json expected = golden();
    int compared = 0;
    for (const auto& [name, probabilities] : expected.at("recordings").items()) {
        if (!std::filesystem::exists(recordings + name)) continue;
        const std::vector<float> pcm = decode(recordings + name);
        if (pcm.empty()) GTEST_SKIP() << "the ffmpeg command is missing";
        expect_near(run(*make_silero_detector(weights_file), pcm), probabilities, expected.at("every"), name);
        ++compared;
    }
    if (compared == 0) GTEST_SKIP() << "the recordings in " << recordings << " are missing";
}

TEST(SileroDetector, ResultDoesNotDependOnThreads) {
    NEEDS_WEIGHTS();
    const std::vector<float> pcm = ts::speech_like(512 * 545, 3);
    for (const Isa isa : usable_isas()) {
        const std::vector<float> expected = run(*make_silero_detector(weights_file, isa), pcm);
        for (const int threads : {1, 2, 3}) {
            ThreadPool pool(threads);
            const auto detector = make_silero_detector(weights_file, isa, &pool);
            std::vector<float> got;
            // Calls of any length: less than a batch, whole groups, and what is left.
            size_t at = 0;
            for (const size_t frames : {1, 47, 48, 49, 400}) {
                detector->process(std::span(pcm).subspan(at, frames * 512), got);
                at += frames * 512;
            }
            ASSERT_EQ(at, pcm.size());
            EXPECT_TRUE(got == expected) << threads << " threads";
        }
    }
}

TEST(SileroDetector, ResultDoesNotDependOnTheCalls) {
    NEEDS_WEIGHTS();
    const std::vector<float> pcm = ts::speech_like(512 * 200, 2);
    const auto detector = make_silero_detector(weights_file);
    EXPECT_EQ(detector->name(), "silero");
    const std::vector<float> whole = run(*detector, pcm);
    detector->reset();
    std::vector<float> pieces;
    size_t frames = 1;
    for (size_t at = 0; at < pcm.size(); ++frames) {
        const size_t size = std::min(frames * 512, pcm.size() - at);
        detector->process(std::span(pcm).subspan(at, size), pieces);
        at += size;
    }
    EXPECT_EQ(whole, pieces);
    EXPECT_THROW(detector->process(std::span(pcm).first(511), pieces), Error);
    detector->process({}, pieces);
    EXPECT_EQ(whole.size(), pieces.size());
}

TEST(SileroDetector, ForgetsSamplesThatAreNoNumbers) {
    NEEDS_WEIGHTS();
    std::vector<float> pcm = ts::speech_like(512 * 300, 1);
    const auto detector = make_silero_detector(weights_file);
    const std::vector<float> expected = run(*detector, pcm);
    pcm[5000] = std::nanf("");
    pcm[6000] = INFINITY;
    pcm[7000] = -1e30F;
    detector->reset();
    const std::vector<float> probabilities = run(*detector, pcm);
    for (size_t i = 0; i < probabilities.size(); ++i) ASSERT_TRUE(std::isfinite(probabilities[i])) << i;
    for (size_t i = 250; i < probabilities.size(); ++i) EXPECT_NEAR(probabilities[i], expected[i], 0.05) << i;
}

/// A file of this name with this content, and the error it causes.
std::string complaint(const std::string& content) {
    const std::filesystem::path file = std::filesystem::path(FT_BINARY_DIR) / "silero_detector_test.safetensors";
    write_file_atomically(file, content);
    std::string text = "accepted";
    try {
        make_silero_detector(file);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        text = error.what();
    }
    std::filesystem::remove(file);
    return text;
}

TEST(SileroDetector, RefusesOtherFiles) {
    try {
        make_silero_detector("/nonexistent/silero.safetensors");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
    }
    EXPECT_NE(complaint("").find("safetensors"), std::string::npos);
    EXPECT_NE(complaint(std::string("\2\0\0\0\0\0\0\0{}", 10)).find("stft_conv.weight\" is missing"),
              std::string::npos);
    NEEDS_WEIGHTS();
    const std::string good = read_file(weights_file);
    EXPECT_EQ(complaint(good), "accepted");
    EXPECT_NE(complaint(good.substr(0, good.size() - 1)).find("truncated"), std::string::npos);
    const auto replaced = [&](const std::string& what, const std::string& by) {
        std::string bad = good;
        bad.replace(bad.find(what), what.size(), by);
        return bad;
    };
    EXPECT_NE(complaint(replaced("conv3.bias", "conv9.bias")).find("conv3.bias\" is missing"), std::string::npos);
    EXPECT_NE(complaint(replaced("[64,128,3]", "[128,64,3]")).find("another type or shape"), std::string::npos);
    uint64_t header = 0;
    std::memcpy(&header, good.data(), sizeof header);
    std::string bad = good;
    const float not_a_number = std::nanf(""), other = 0.5F;
    std::memcpy(bad.data() + bad.size() - sizeof(float), &not_a_number, sizeof(float));
    EXPECT_NE(complaint(bad).find("no number"), std::string::npos);
    bad = good;
    std::memcpy(bad.data() + 8 + header + 1000 * sizeof(float), &other, sizeof(float));
    EXPECT_NE(complaint(bad).find("no Fourier transform"), std::string::npos);
}

TEST(SileroKernels, FunctionsAreAsGoodAsTheLibrarys) {
    for (float x = -100.0F; x <= 100.0F; x += 0.0137F) {
        Vector<float, 4> e = {x, x, x, x}, s = e, t = e;
        silero::exponential<4>(e);
        silero::sigmoid<4>(s);
        silero::hyperbolic_tangent<4>(t);
        const double clamped = std::clamp(x, -87.0F, 87.0F);
        ASSERT_NEAR(e[1] / std::exp(clamped), 1.0, 3e-7) << x;
        ASSERT_NEAR(s[2], 1.0 / (1.0 + std::exp(-clamped)), 2e-7) << x;
        ASSERT_NEAR(t[3], std::tanh(x), 4e-7) << x;
    }
}

}  // namespace
}  // namespace ft
