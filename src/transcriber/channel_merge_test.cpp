#include "transcriber/channel_merge.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

Segment said(int channel, double start_s, double end_s, const std::string& text) {
    Segment segment;
    segment.channel = channel;
    segment.start_s = start_s;
    segment.end_s = end_s;
    segment.text = text;
    return segment;
}

TEST(ChannelMerge, FindsWhatTwoMicrophonesHeard) {
    const std::vector<Segment> all = {said(1, 0, 3, "God morgon på er."),
                                      said(1, 4, 8, "Vi ska tala om gruvan i Kiruna idag.")};
    EXPECT_EQ(same_on_another_channel(all, said(2, 4.1, 8, "vi ska tala om gruvan i Kiruna")), 1U);
    EXPECT_EQ(same_on_another_channel(all, said(2, 4.3, 7, "Vi ska tala om gruvor i Kiruna idag.")), 1U);
    EXPECT_FALSE(same_on_another_channel(all, said(2, 4.1, 8, "Ja, och sen tar vi något helt annat."))) << "both speak";
    EXPECT_FALSE(same_on_another_channel(all, said(2, 7, 12, "Vi ska tala om gruvan i Kiruna idag."))) << "said again";
    EXPECT_FALSE(same_on_another_channel(all, said(1, 4.1, 8, "Vi ska tala om gruvan i Kiruna idag."))) << "the same";
    EXPECT_FALSE(same_on_another_channel(all, said(0, 4.1, 8, "Vi ska tala om gruvan i Kiruna idag."))) << "mixed";
    const std::vector<Segment> brief = {said(1, 0, 1, "Ja ja.")};
    EXPECT_FALSE(same_on_another_channel(brief, said(2, 0, 1, "Ja ja."))) << "too short to tell";
}

}  // namespace
}  // namespace ft
