#include "speech/clip_spans.h"

#include <gtest/gtest.h>

#include <limits>

#include "speech/test_signal.h"

namespace ft {
namespace {

using test_signal::second;

TEST(ClipSpans, KeepsWhatLiesWithin) {
    const std::vector<Span> spans = {{second, 4 * second}, {6 * second, 9 * second}};
    EXPECT_EQ(spans_within(spans, {}), spans);
    EXPECT_EQ(spans_within(spans, {{2.0, 3.0}, {3.5, 7.0}}),
              (std::vector<Span>{{2 * second, 3 * second}, {7 * second / 2, 4 * second}, {6 * second, 7 * second}}));
    const double endless = std::numeric_limits<double>::infinity();
    EXPECT_EQ(spans_within(spans, {{8.0, endless}}), (std::vector<Span>{{8 * second, 9 * second}}));
    EXPECT_TRUE(spans_within(spans, {{4.5, 5.5}}).empty());
    EXPECT_TRUE(spans_within(spans, {{3.97, 5.5}}).empty()) << "a hair of a span is nothing to be read";
}

TEST(ClipSpans, OnlyWhatGoesOnWithinTheClipGoesOn) {
    const std::vector<Span> parts = {{0, 2 * second, true}, {2 * second, 4 * second, false}};
    EXPECT_EQ(spans_within(parts, {{1.0, 3.0}}),
              (std::vector<Span>{{second, 2 * second, true}, {2 * second, 3 * second, false}}));
    EXPECT_EQ(spans_within(parts, {{1.0, 2.0}}), (std::vector<Span>{{second, 2 * second, false}}));
}

}  // namespace
}  // namespace ft
