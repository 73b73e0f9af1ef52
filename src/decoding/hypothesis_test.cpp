#include "decoding/hypothesis.h"

#include <gtest/gtest.h>

#include <limits>

namespace ft {
namespace {

Hypothesis good() {
    Hypothesis h;
    h.avg_logprob = -0.3F;
    h.compression_ratio = 1.4F;
    h.no_speech_prob = 0.01F;
    return h;
}

TEST(Fallback, EachCheckTriggersIt) {
    const FallbackOptions options;
    EXPECT_FALSE(needs_fallback(good(), options));
    Hypothesis h = good();
    h.compression_ratio = 2.5F;
    EXPECT_TRUE(needs_fallback(h, options));
    h = good();
    h.avg_logprob = -1.1F;
    EXPECT_TRUE(needs_fallback(h, options));
    h = good();
    h.looped = true;
    EXPECT_TRUE(needs_fallback(h, options));
}

TEST(Fallback, SilenceIsNotTriedAgain) {
    const FallbackOptions options;
    Hypothesis h = good();
    h.no_speech_prob = 0.9F;
    EXPECT_FALSE(is_silent(h, options)) << "a text that the model believes in stays";
    h.avg_logprob = -1.2F;
    EXPECT_TRUE(is_silent(h, options));
    EXPECT_FALSE(needs_fallback(h, options));
    h = good();
    h.silence = true;
    EXPECT_TRUE(is_silent(h, options));
}

Hypothesis attempt(float avg_logprob, float compression_ratio, bool looped = false) {
    Hypothesis h = good();
    h.avg_logprob = avg_logprob;
    h.compression_ratio = compression_ratio;
    h.looped = looped;
    return h;
}

TEST(Fallback, OfFailedAttemptsALoopIsWorseThanDoubt) {
    const FallbackOptions options;
    EXPECT_GT(score(attempt(-1.4F, 1.5F), options), score(attempt(-0.1F, 5.0F), options));
    EXPECT_GT(score(attempt(-1.4F, 2.0F), options), score(attempt(-0.1F, 3.0F, true), options));
    EXPECT_GT(score(attempt(-1.1F, 1.5F), options), score(attempt(-1.4F, 1.5F), options));
}

TEST(Fallback, SpeechThatRepeatsItselfIsNotLostToAGuess) {
    const FallbackOptions options;
    const Hypothesis counting = attempt(-0.2F, 2.6F);  // "press once, press twice, press three times …"
    EXPECT_GT(score(counting, options), score(attempt(-1.5F, 2.1F), options));
    EXPECT_GT(score(counting, options), score(attempt(-5.0F, 1.2F), options));
    EXPECT_GT(score(counting, options), score(attempt(-0.1F, 3.8F, true), options));
}

TEST(Fallback, AThresholdThatIsOffCountsForNothing) {
    FallbackOptions options;
    options.compression_ratio_threshold = std::numeric_limits<float>::infinity();
    EXPECT_FLOAT_EQ(score(attempt(-0.3F, 9.0F), options), -0.3F);
}

TEST(Loops, FindsShortPhrasesRepeated) {
    std::vector<int32_t> tokens;
    for (int i = 0; i < 100; ++i) tokens.push_back(i);
    EXPECT_FALSE(ends_in_loop(tokens));
    for (int i = 0; i < 36; ++i) tokens.push_back(7 + i % 3);
    EXPECT_TRUE(ends_in_loop(tokens));
    tokens.push_back(99);
    EXPECT_FALSE(ends_in_loop(tokens)) << "the loop was left";
    const std::vector<int32_t> few(20, 5);
    EXPECT_FALSE(ends_in_loop(few)) << "'ja ja ja' may be said";
}

}  // namespace
}  // namespace ft
