#include "transcript/word_times.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace ft {
namespace {

Word word(const char* text, double start_s, double end_s) {
    return {text, start_s, end_s, 0.5F};
}

/// A second is 100 steps: '#' sounds and '.' does not, a sign for every 0.1 s.
std::vector<uint8_t> sound(const std::string& tenths) {
    std::vector<uint8_t> steps;
    for (const char c : tenths) steps.insert(steps.end(), 10, c == '#' ? 1 : 0);
    return steps;
}

void expect_times(const std::vector<Word>& words, const std::vector<std::pair<double, double>>& expected) {
    ASSERT_EQ(words.size(), expected.size());
    for (size_t i = 0; i < words.size(); ++i) {
        EXPECT_NEAR(words[i].start_s, expected[i].first, 1e-9) << words[i].text;
        EXPECT_NEAR(words[i].end_s, expected[i].second, 1e-9) << words[i].text;
    }
}

TEST(RefineWordTimes, PausesBelongToNoWord) {
    // Attention gives the pause from 1.0 to 2.0 to the word after it, and that at the end to the last one.
    const auto steps = sound("..########..........######....");
    std::vector<Word> words{word(" Hej", 0.0, 0.5), word(" du.", 0.5, 1.1), word(" Kom", 1.1, 3.0)};
    refine_word_times(words, {steps, 3.0});
    expect_times(words, {{0.2, 0.5}, {0.5, 1.0}, {2.0, 2.6}});
}

TEST(RefineWordTimes, AWordIsWhereMostOfItsSoundIs) {
    // " Kom" was given the last 0.1 s of " du." as well.
    const auto steps = sound("########..........######....");
    std::vector<Word> words{word(" du.", 0.0, 0.7), word(" Kom", 0.7, 2.6)};
    refine_word_times(words, {steps, 2.8});
    expect_times(words, {{0.0, 0.8}, {1.8, 2.4}});
}

TEST(RefineWordTimes, AWordBeginsWithItsSoundAlsoWhenAttentionComesLate) {
    const auto steps = sound("####......######..");
    std::vector<Word> words{word(" ja.", 0.0, 0.4), word(" Kom", 1.2, 1.6)};
    refine_word_times(words, {steps, 1.8});
    expect_times(words, {{0.0, 0.4}, {1.0, 1.6}});
}

TEST(RefineWordTimes, AClosedConsonantIsNoPause) {
    const auto steps = sound("###..####.");
    std::vector<Word> words{word(" titta", 0.0, 1.0)};
    refine_word_times(words, {steps, 1.0});
    expect_times(words, {{0.0, 0.9}});
}

TEST(RefineWordTimes, RunningSpeechStaysAsItIs) {
    const auto steps = sound("####################");
    std::vector<Word> words{word(" ett", 0.0, 0.5), word(" två", 0.5, 1.2), word(" tre", 1.2, 2.0)};
    refine_word_times(words, {steps, 2.0});
    expect_times(words, {{0.0, 0.5}, {0.5, 1.2}, {1.2, 2.0}});
}

TEST(RefineWordTimes, WithoutSoundLongWordsAreCutOnTheSideOfThePause) {
    std::vector<Word> words{word(" Hej", 0.0, 4.0), word(" du", 4.0, 9.0), word(" där.", 9.0, 9.3),
                            word(" Kom", 9.3, 14.0)};
    refine_word_times(words, {{}, 14.0});
    expect_times(words, {{2.5, 4.0}, {4.0, 5.5}, {9.0, 9.3}, {12.5, 14.0}});
}

TEST(RefineWordTimes, NoWordIsWithoutTime) {
    std::vector<Word> words{word(" a", 1.0, 1.0), word(" b", 1.0, 1.0), word(" c", 1.0, 1.2), word(" d", 2.0, 2.0)};
    refine_word_times(words, {{}, 2.0});
    for (size_t i = 0; i < words.size(); ++i) {
        EXPECT_GT(words[i].end_s, words[i].start_s + 0.03);
        if (i > 0) {
            EXPECT_GE(words[i].start_s, words[i - 1].end_s - 1e-9);
        }
    }
    EXPECT_LE(words.back().end_s, 2.0);
}

TEST(RefineWordTimes, AnyNumbersGiveTimesInOrderWithinTheWindow) {
    std::mt19937 random(11);
    const double odd[] = {std::nan(""), std::numeric_limits<double>::infinity(),
                          -std::numeric_limits<double>::infinity(), -5.0, 1e300, 0.0};
    for (int round = 0; round < 3000; ++round) {
        const double duration_s = 0.02 + static_cast<double>(random() % 3000) / 100;
        const auto time = [&] {
            return random() % 4 == 0 ? odd[random() % 6] : static_cast<double>(random() % 3200) / 100;
        };
        std::vector<Word> words;
        for (size_t i = random() % 40; i > 0; --i)
            words.push_back(word(random() % 5 == 0 ? " slut." : " realisationsvinst", time(), time()));
        std::vector<uint8_t> steps(random() % 3 == 0 ? 0 : static_cast<size_t>(duration_s * 100));
        for (size_t i = 0; i < steps.size(); ++i) {
            const bool change = random() % 15 == 0;
            steps[i] = (i > 0 && !change) ? steps[i - 1] : static_cast<uint8_t>(random() % 2);
        }
        refine_word_times(words, {steps, duration_s});
        double latest_s = 0;
        for (const Word& w : words) {
            EXPECT_GE(w.start_s, latest_s - 1e-9);
            EXPECT_GT(w.end_s, w.start_s);
            EXPECT_LE(w.end_s, duration_s + 1e-9);
            latest_s = w.end_s;
        }
    }
    std::vector<Word> none;
    refine_word_times(none, {{}, 1.0});
    EXPECT_TRUE(none.empty());
}

std::vector<float> bursts(double seconds, float loud, float quiet, double from_s, double to_s) {
    std::mt19937 random(3);
    std::vector<float> pcm(static_cast<size_t>(seconds * 16000));
    for (size_t i = 0; i < pcm.size(); ++i) {
        const double t = static_cast<double>(i) / 16000;
        const float noise = static_cast<float>(random() % 2001) / 1000.0F - 1.0F;
        pcm[i] = noise * (t >= from_s && t < to_s ? loud : quiet);
    }
    return pcm;
}

TEST(FindSound, FindsWhereItBeginsAndEnds) {
    for (const float quiet : {0.0F, 0.001F, 0.01F}) {
        const auto steps = find_sound(bursts(3.0, 0.3F, quiet, 1.0, 2.0));
        ASSERT_EQ(steps.size(), 300U) << quiet;
        for (size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i] != 0, i >= 100 && i < 200) << i << " " << quiet;
    }
}

TEST(FindSound, HasNothingToSayOfSteadyNoise) {
    EXPECT_TRUE(find_sound(bursts(3.0, 0.3F, 0.3F, 1.0, 2.0)).empty());
    EXPECT_TRUE(find_sound(bursts(3.0, 0.3F, 0.1F, 1.0, 2.0)).empty()) << "10 dB are too little";
    EXPECT_TRUE(find_sound(std::vector<float>(16000)).empty()) << "silence";
    EXPECT_TRUE(find_sound({}).empty());
    std::vector<float> broken = bursts(1.0, 0.3F, 0.0F, 0.2, 0.8);
    broken[5000] = std::nanf("");
    EXPECT_TRUE(find_sound(broken).empty());
}

}  // namespace
}  // namespace ft
