#include "features/log_mel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "features/mel_filters.h"
#include "features/vector_log10.h"
#include "speech/test_signal.h"

namespace ft {
namespace {

namespace ts = test_signal;

/// The cases of tests/golden/make_log_mel_golden.py.
std::map<std::string, std::vector<float>> signals() {
    std::vector<float> tone = ts::tone(480000, 1234.5, 0.99);
    const std::vector<float> hiss = ts::noise(480000, 3, 0.0002);
    for (size_t i = 0; i < tone.size(); ++i) tone[i] += hiss[i];
    return {{"speech_full", ts::speech_like(480000, 1)}, {"speech_padded", ts::speech_like(116800 + 37, 2)},
            {"loud_tone_over_quiet_noise", tone},        {"noise_to_the_last_sample", ts::noise(479999, 4, 0.3)},
            {"short", ts::noise(100, 5, 0.5)},           {"silence", std::vector<float>(16000)}};
}

void check_golden(int n_mels) {
    const std::string file = "/tests/golden/log_mel_" + std::to_string(n_mels) + ".json";
    const nlohmann::json golden = nlohmann::json::parse(read_file(FT_SOURCE_DIR + file));
    const LogMel log_mel(n_mels);
    const auto pcm = signals();
    ASSERT_EQ(golden.at("cases").size(), pcm.size());
    float largest = 0.0F;
    for (const auto& expected : golden.at("cases")) {
        const std::string name = expected.at("name");
        ASSERT_EQ(ts::checksum(pcm.at(name)), expected.at("checksum").get<uint32_t>()) << name << ": other signal";
        const std::vector<float> features = log_mel.compute(pcm.at(name));
        ASSERT_EQ(features.size(), static_cast<size_t>(n_mels) * window_frames);
        for (int m = 0; m < n_mels; ++m) {
            const float* row = features.data() + static_cast<size_t>(m) * window_frames;
            double sum = 0;
            for (int f = 0; f < window_frames; ++f) sum += row[f];
            EXPECT_NEAR(sum / window_frames, expected.at("mean_of_each_mel")[m].get<double>(), 1e-5)
                << name << " mel " << m;
            for (size_t i = 0; i < expected.at("frames").size(); ++i) {
                const int frame = expected.at("frames")[i];
                largest = std::max(largest, std::fabs(row[frame] - expected.at("values")[i][m].get<float>()));
                ASSERT_NEAR(row[frame], expected.at("values")[i][m].get<float>(), 2e-5)
                    << name << " mel " << m << " frame " << frame;
            }
        }
    }
    std::printf("largest difference from transformers, %d mels: %.1e\n", n_mels, static_cast<double>(largest));
}

TEST(LogMel, EqualsTransformersWith80Mels) {
    check_golden(80);
}
TEST(LogMel, EqualsTransformersWith128Mels) {
    check_golden(128);
}

TEST(LogMel, EveryInstructionSetGivesTheSame) {
    const std::vector<float> pcm = ts::speech_like(100000, 6);
    const std::vector<float> expected = LogMel(80, Isa::baseline).compute(pcm);
    for (const Isa isa : {Isa::avx2, Isa::avx512}) {
        if (isa > best_isa()) continue;
        const std::vector<float> features = LogMel(80, isa).compute(pcm);
        for (size_t i = 0; i < features.size(); ++i) ASSERT_NEAR(features[i], expected[i], 1e-6) << i;
    }
}

TEST(LogMel, PaddingIsTheSameAsZeros) {
    const LogMel log_mel(80);
    for (const size_t samples : {0, 1, 199, 200, 201, 5000, 479700, 479801}) {
        std::vector<float> pcm = ts::noise(samples, 9, 0.4);
        const std::vector<float> implicit = log_mel.compute(pcm);
        pcm.resize(window_samples);
        const std::vector<float> explicit_zeros = log_mel.compute(pcm);
        ASSERT_EQ(implicit.size(), explicit_zeros.size());
        for (size_t i = 0; i < implicit.size(); ++i) ASSERT_EQ(implicit[i], explicit_zeros[i]) << samples << ' ' << i;
    }
}

TEST(LogMel, NothingGivesAFlatFloor) {
    for (const float value : LogMel(80).compute({})) ASSERT_FLOAT_EQ(value, -1.5F);
}

TEST(LogMel, RefusesNonsense) {
    EXPECT_THROW(LogMel(0), Error);
    EXPECT_THROW(LogMel(-80), Error);
    EXPECT_THROW(LogMel(80).compute(std::vector<float>(window_samples + 1)), Error);
}

TEST(LogMel, AnyNumberOfMelsAndThreads) {
    const std::vector<float> pcm = ts::noise(20000, 10, 0.4);
    for (const int mels : {1, 7, 300}) {
        for (const float value : LogMel(mels).compute(pcm)) ASSERT_TRUE(std::isfinite(value)) << mels;
    }
    const LogMel log_mel(80);
    const std::vector<float> expected = log_mel.compute(pcm);
    std::vector<std::vector<float>> results(3);
    std::vector<std::thread> threads;
    for (auto& result : results) threads.emplace_back([&] { result = log_mel.compute(pcm); });
    for (std::thread& thread : threads) thread.join();
    for (const auto& result : results) EXPECT_EQ(result, expected);
}

TEST(LogMel, SamplesThatAreNoNumbersStayInTheirFrames) {
    std::vector<float> pcm = ts::noise(20000, 11, 0.4);
    const std::vector<float> expected = LogMel(80).compute(pcm);
    pcm[16000] = std::nanf("");
    const std::vector<float> features = LogMel(80).compute(pcm);
    for (size_t i = 0; i < features.size(); ++i) {
        ASSERT_TRUE(std::isfinite(features[i]));
        const size_t frame = i % window_frames;
        if (frame >= 98 && frame <= 102) continue;
        ASSERT_EQ(features[i], expected[i]) << i;
    }
}

TEST(MelFilters, CoverTheRangeWithTrianglesOfEqualArea) {
    const auto filters = make_mel_filters(80, 2001);
    ASSERT_EQ(filters.size(), 80U);
    int previous = -1;
    for (const MelFilter& filter : filters) {
        double area = 0;
        for (const double weight : filter.weights) area += weight * 8000 / 2000;
        EXPECT_NEAR(area, 1.0, 0.01);
        EXPECT_GT(filter.first_bin, previous);
        previous = filter.first_bin;
    }
}

TEST(VectorLog10, IsAsGoodAsTheLibrarys) {
    std::vector<float> values;
    for (double x = 1e-12; x < 1e30; x *= 1.0137) values.push_back(static_cast<float>(x));
    for (float x = 0.9F; x < 1.1F; x += 0.0001F) values.push_back(x);
    std::vector<float> logs = values;
    const float highest = log10_in_place<4>(logs.data(), static_cast<int>(logs.size()), 1e-10F);
    for (size_t i = 0; i < values.size(); ++i) {
        const double expected = std::log10(std::max<double>(values[i], 1e-10F));
        ASSERT_NEAR(logs[i], expected, 2e-7 * std::max(1.0, std::abs(expected))) << values[i];
    }
    EXPECT_EQ(highest, *std::max_element(logs.begin(), logs.end()));
}

}  // namespace
}  // namespace ft
