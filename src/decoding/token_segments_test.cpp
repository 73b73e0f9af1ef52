#include "decoding/token_segments.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

constexpr int32_t ts = 1000;  // <|0.00|>
int32_t at(double s) {
    return ts + static_cast<int32_t>(s * 50 + 0.5);
}

TEST(SplitSegments, PairsOfTimestamps) {
    const std::vector<int32_t> tokens = {at(0), 1, 2, at(2.5), at(3), 3, at(5)};
    const SegmentedTokens split = split_segments(tokens, ts, 30.0);
    ASSERT_EQ(split.segments.size(), 2u);
    EXPECT_DOUBLE_EQ(split.segments[0].start_s, 0.0);
    EXPECT_DOUBLE_EQ(split.segments[0].end_s, 2.5);
    EXPECT_DOUBLE_EQ(split.segments[1].start_s, 3.0);
    EXPECT_DOUBLE_EQ(split.segments[1].end_s, 5.0);
    EXPECT_DOUBLE_EQ(split.covered_s, 30.0) << "one timestamp at the end: the model says that nothing follows";
}

TEST(SplitSegments, APairAtTheEndLeavesTheRestUncovered) {
    const SegmentedTokens split = split_segments(std::vector<int32_t>{at(0), 1, at(7), at(7)}, ts, 30.0);
    ASSERT_EQ(split.segments.size(), 1u);
    EXPECT_DOUBLE_EQ(split.covered_s, 7.0);
}

TEST(SplitSegments, OpenTextLastsToTheEnd) {
    const SegmentedTokens split = split_segments(std::vector<int32_t>{at(1), 1, 2}, ts, 4.0);
    ASSERT_EQ(split.segments.size(), 1u);
    EXPECT_DOUBLE_EQ(split.segments[0].start_s, 1.0);
    EXPECT_DOUBLE_EQ(split.segments[0].end_s, 4.0);
}

TEST(SplitSegments, TimesPastTheWindowAreClamped) {
    const SegmentedTokens split = split_segments(std::vector<int32_t>{at(0), 1, at(29)}, ts, 4.0);
    EXPECT_DOUBLE_EQ(split.segments[0].end_s, 4.0);
}

TEST(SplitSegments, WithoutTimestampsTheWindowIsOneSegment) {
    const SegmentedTokens split = split_segments(std::vector<int32_t>{5, 6, 7}, ts, 12.0);
    ASSERT_EQ(split.segments.size(), 1u);
    EXPECT_EQ(split.segments[0].tokens.size(), 3u);
    EXPECT_DOUBLE_EQ(split.segments[0].end_s, 12.0);
    EXPECT_TRUE(split_segments({}, ts, 12.0).segments.empty());
}

}  // namespace
}  // namespace ft
