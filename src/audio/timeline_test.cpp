#include "audio/timeline.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

TEST(Timeline, ContinuousAudioGetsNoSilence) {
    Timeline timeline({});
    for (int i = 0; i < 1000; ++i) {
        const double jitter_s = i % 2 == 0 ? 0.03 : -0.03;
        EXPECT_EQ(timeline.silence_before(7.0 + i * 0.02 + (i > 0 ? jitter_s : 0)), 0) << i;
        timeline.advance(0.02);
    }
    EXPECT_NEAR(timeline.position_s(), 20.0, 1e-9);
}

TEST(Timeline, GapsAreFilledToTheClock) {
    Timeline timeline({});
    EXPECT_EQ(timeline.silence_before(0.0), 0);
    timeline.advance(1.0);
    EXPECT_NEAR(timeline.silence_before(4.0), 3.0, 1e-9);
    timeline.advance(3.0);
    timeline.advance(1.0);
    EXPECT_EQ(timeline.silence_before(5.05), 0) << "rounding is no gap";
}

TEST(Timeline, TheStartCountsWhereTheClockBeginsAtZero) {
    EXPECT_NEAR(Timeline({.origin_s = 0.0}).silence_before(2.0), 2.0, 1e-9);
    EXPECT_EQ(Timeline({}).silence_before(2.0), 0) << "elsewhere the first sample is time zero";
    EXPECT_NEAR(Timeline({.origin_s = 95000.0}).silence_before(95000.5), 0.5, 1e-6);
    EXPECT_EQ(Timeline({.origin_s = 0.0}).silence_before(-0.02), 0);
}

TEST(Timeline, SmallLossesAddUpToAGap) {
    Timeline timeline({});
    double lost_s = 0;
    double filled_s = 0;
    for (int i = 0; i < 100; ++i) {
        const double silence_s = timeline.silence_before(i * 0.02 + lost_s);
        timeline.advance(silence_s);
        filled_s += silence_s;
        timeline.advance(0.02);
        lost_s += 0.02;
    }
    EXPECT_NEAR(filled_s, lost_s, 0.11);
}

TEST(Timeline, AbsurdJumpsAreAnotherClock) {
    Timeline timeline({.longest_gap_s = 60});
    timeline.silence_before(10.0);
    timeline.advance(1.0);
    EXPECT_EQ(timeline.silence_before(1e9), 0);
    timeline.advance(1.0);
    EXPECT_EQ(timeline.silence_before(1e9 + 1), 0) << "the new clock is followed";
    EXPECT_NEAR(timeline.silence_before(1e9 + 3), 2.0, 1e-6);
    EXPECT_EQ(timeline.silence_before(0.0), 0) << "backwards too";
    timeline.advance(1.0);
    EXPECT_NEAR(timeline.silence_before(2.0), 1.0, 1e-6);
}

TEST(Timeline, SilenceHasABudget) {
    Timeline timeline({.longest_gap_s = 600, .most_silence_s = 1000});
    double filled_s = 0;
    for (int i = 0; i < 50; ++i) {
        const double silence_s = timeline.silence_before(i * 500.0);
        timeline.advance(silence_s);
        filled_s += silence_s;
    }
    EXPECT_LE(filled_s, 1000);
    EXPECT_GE(filled_s, 500);
}

TEST(Timeline, OverlapsDropNothing) {
    Timeline timeline({});
    timeline.silence_before(0.0);
    timeline.advance(5.0);
    EXPECT_EQ(timeline.silence_before(3.0), 0);
    timeline.advance(1.0);
    EXPECT_EQ(timeline.silence_before(4.0), 0);
    EXPECT_NEAR(timeline.silence_before(8.0), 2.0, 1e-9) << "the next gap makes it up";
    EXPECT_EQ(timeline.silence_before(std::nullopt), 0);
}

}  // namespace
}  // namespace ft
