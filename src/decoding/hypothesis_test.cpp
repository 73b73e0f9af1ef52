#include "decoding/hypothesis.h"

#include <gtest/gtest.h>

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

TEST(Fallback, PrefersTextThatDoesNotRepeat) {
    const FallbackOptions options;
    Hypothesis repeating = good(), unsure = good();
    repeating.compression_ratio = 5.0F;
    repeating.avg_logprob = -0.1F;
    unsure.avg_logprob = -1.4F;
    EXPECT_TRUE(is_better(unsure, repeating, options));
    EXPECT_FALSE(is_better(repeating, unsure, options));
    EXPECT_TRUE(is_better(good(), unsure, options));
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
