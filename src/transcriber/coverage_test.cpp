#include "transcriber/coverage.h"

#include <gtest/gtest.h>

#include "transcriber/testing/segments.h"

namespace ft {
namespace {

using test::segment;

TEST(Coverage, SpeechUnderSegmentsCountsOnce) {
    const std::vector<TimeSpan> speech = {{0, 4}, {6, 10}};
    const std::vector<Segment> all = {segment(0, 4, "ett två tre fyra fem"), segment(6, 10, "sex sju åtta nio tio")};
    EXPECT_DOUBLE_EQ(transcribed_s(speech, all), 8.0);
    EXPECT_DOUBLE_EQ(transcribed_s(speech, {{all[0]}}), 4.0);
    const std::vector<Segment> overlapping = {segment(0, 4, "ett två tre fyra fem"), segment(2, 4, "sex sju åtta nio")};
    EXPECT_DOUBLE_EQ(transcribed_s({{{0, 4}}}, overlapping), 4.0);
    EXPECT_DOUBLE_EQ(transcribed_s(speech, {}), 0.0);
    EXPECT_DOUBLE_EQ(transcribed_s({}, all), 0.0);
}

TEST(Coverage, OneWordDoesNotCoverHalfAMinute) {
    EXPECT_DOUBLE_EQ(transcribed_s({{{0, 27}}}, {{segment(0, 27, "Svensktextning.nu")}}), 1.0 + 2 * 2.0);
}

TEST(Coverage, TheShareIsOfDetectedSpeech) {
    Coverage coverage;
    EXPECT_DOUBLE_EQ(coverage.share(), 1.0);
    coverage.speech_s = 10;
    coverage.transcribed_s = 8;
    EXPECT_DOUBLE_EQ(coverage.share(), 0.8);
}

TEST(Coverage, DoubtfulNeighboursAreOneStretch) {
    const std::vector<Segment> all = {segment(0, 1, "a", 0.9F), segment(1, 2, "b", 0.3F), segment(2.5, 3, "c", 0.2F),
                                      segment(3, 4.5, "d", 0.8F), segment(4.5, 5, "e", 0.4F)};
    const auto spans = low_confidence_spans(all, 0.5F);
    ASSERT_EQ(spans.size(), 2U);
    EXPECT_DOUBLE_EQ(spans[0].start_s, 1.0);
    EXPECT_DOUBLE_EQ(spans[0].end_s, 3.0);
    EXPECT_FLOAT_EQ(spans[0].confidence, 0.2F);
    EXPECT_DOUBLE_EQ(spans[1].start_s, 4.5);
}

}  // namespace
}  // namespace ft
