#include "transcriber/confidence.h"

#include <gtest/gtest.h>

#include <limits>

namespace ft {
namespace {

Segment birthday(float probability) {
    Segment made;
    made.text = "Nu är det snart födelsedag.";
    made.end_s = 2.0;
    made.probability = probability;
    made.avg_logprob = -0.3F;
    made.no_speech_prob = 0.01F;
    made.words = {{" Nu", 0.0, 0.2, probability}, {" födelsedag.", 1.2, 2.0, 0.9F}};
    return made;
}

float of_segment(Segment one) {
    set_confidence(one);
    return one.confidence;
}

TEST(Confidence, GrowsWithTheModelsOwnProbability) {
    EXPECT_GT(of_segment(birthday(0.9F)), of_segment(birthday(0.6F)));
    EXPECT_GT(of_segment(birthday(0.6F)), of_segment(birthday(0.2F)));
    Segment sure = birthday(0.95F), unsure = birthday(0.2F);
    set_confidence(sure);
    set_confidence(unsure);
    EXPECT_GT(sure.words[0].confidence, unsure.words[0].confidence + 0.2F);
    EXPECT_NE(sure.words[0].confidence, sure.words[1].confidence) << "never a constant";
    EXPECT_GT(sure.words[0].confidence, 0.6F);
    EXPECT_LT(unsure.words[0].confidence, 0.6F);
}

TEST(Confidence, LiesBetween0And1WhateverComes) {
    const float infinity = std::numeric_limits<float>::infinity(), none = std::numeric_limits<float>::quiet_NaN();
    for (const float odd : {0.0F, 1.0F, -1.0F, 5.0F, infinity, -infinity, none}) {
        Segment one = birthday(odd);
        one.avg_logprob = odd;
        one.no_speech_prob = odd;
        one.end_s = one.start_s;
        set_confidence(one);
        EXPECT_TRUE(one.confidence >= 0.0F && one.confidence <= 1.0F) << odd;
        for (const Word& word : one.words) EXPECT_TRUE(word.confidence >= 0.0F && word.confidence <= 1.0F) << odd;
    }
    Segment empty = birthday(0.9F);
    empty.text = "...";
    EXPECT_EQ(of_segment(empty), 0.0F);
}

}  // namespace
}  // namespace ft
