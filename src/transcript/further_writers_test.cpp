// Byte-exact contents of the formats that are written by name only, and of channels in every format.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "transcript/writers.h"

namespace ft {
namespace {

using nlohmann::json;

Segment said(double start_s, double end_s, const std::string& text, int channel = 0) {
    Segment segment;
    segment.start_s = start_s;
    segment.end_s = end_s;
    segment.text = text;
    segment.channel = channel;
    segment.confidence = 0.75F;
    return segment;
}

Transcript talk() {
    Transcript t;
    t.file = "mapp/intervju.mp3";
    t.language = "sv";
    t.duration_s = 3725.5;
    t.segments = {said(0.0, 59.996, "Hej, \"du\"."), said(60.5, 62.0, "[skratt]\tJa"), said(3600.0, 3601.5, "Slut!")};
    return t;
}

Transcript call() {
    Transcript t;
    t.language = "sv";
    t.segments = {said(1.0, 2.0, "Hallå?", 1), said(1.5, 2.5, "Hej & hå.", 2)};
    return t;
}

TEST(Writers, LrcKeepsALineUntilAPauseOrTheNextOne) {
    EXPECT_EQ(write_transcript(talk(), "lrc"),
              "[length:62:06]\n[00:00.00]Hej, \"du\".\n[01:00.50] [skratt] Ja\n[01:02.00]\n[60:00.00]Slut!\n"
              "[60:01.50]\n");
    Transcript words = call();
    words.segments.resize(1);
    words.segments[0].channel = 0;
    words.segments[0].words = {{" Hal", 1.0, 1.4, 1}, {" lå?", 1.4, 2.0, 1}};
    EXPECT_EQ(write_transcript(words, "lrc", {0, 0, true}), "[00:01.00]<00:01.00>Hal <00:01.40>lå?\n[00:02.00]\n");
    EXPECT_EQ(write_transcript(words, "lrc"), "[00:01.00]Hallå?\n[00:02.00]\n");
    EXPECT_EQ(write_transcript(Transcript(), "lrc"), "");
}

TEST(Writers, CsvQuotesItsText) {
    EXPECT_EQ(write_transcript(talk(), "csv"),
              "start,end,text\n0,59996,\"Hej, \"\"du\"\".\"\n60500,62000,\"[skratt] Ja\"\n3600000,3601500,\"Slut!\"\n");
    EXPECT_EQ(write_transcript(Transcript(), "csv"), "start,end,text\n");
}

TEST(Writers, AmazonsJsonHasWordsMarksAndSegments) {
    Transcript t = talk();
    t.segments.resize(1);
    t.segments[0].words = {
        {" Hej,", 0.1, 0.5, 0.9F, 0.875F}, {" \"du\"", 0.5, 0.9, 0.9F, 0.5F}, {".", 0.9, 0.95, 1, 1}};
    const json root = json::parse(write_transcript(t, "aws"));
    EXPECT_EQ(root["jobName"], "intervju");
    EXPECT_EQ(root["status"], "COMPLETED");
    const json& results = root["results"];
    EXPECT_EQ(results["language_code"], "sv-SE");
    EXPECT_EQ(results["transcripts"][0]["transcript"], "Hej, \"du\".");
    ASSERT_EQ(results["items"].size(), 4U);
    EXPECT_EQ(results["items"][0],
              json::parse(R"({"id":0,"type":"pronunciation","start_time":"0.100","end_time":"0.500",
                                                   "alternatives":[{"confidence":"0.8750","content":"Hej"}]})"));
    EXPECT_EQ(results["items"][1],
              json::parse(R"({"id":1,"type":"punctuation","alternatives":[{"confidence":"0.0","content":","}]})"));
    EXPECT_EQ(results["items"][2]["alternatives"][0]["content"], "\"du\"");
    EXPECT_EQ(results["items"][3]["type"], "punctuation");
    EXPECT_EQ(results["audio_segments"][0]["items"], json::parse("[0,1,2,3]"));
    EXPECT_EQ(results["audio_segments"][0]["end_time"], "59.996");
    EXPECT_FALSE(results.contains("channel_labels"));
    // Without word times a segment's time is shared out.
    t.segments[0].words.clear();
    const json shared = json::parse(write_transcript(t, "aws"))["results"];
    ASSERT_EQ(shared["items"].size(), 4U);
    EXPECT_EQ(shared["items"][0]["alternatives"][0]["confidence"], "0.7500");
    EXPECT_EQ(shared["items"][0]["start_time"], "0.000");
    EXPECT_EQ(shared["items"][2]["end_time"], "59.996");
    const json empty = json::parse(write_transcript(Transcript(), "aws"))["results"];
    EXPECT_TRUE(empty["items"].empty());
    EXPECT_EQ(empty["transcripts"][0]["transcript"], "");
}

TEST(Writers, AmazonsJsonTellsChannelsApart) {
    const json results = json::parse(write_transcript(call(), "aws"))["results"];
    EXPECT_EQ(results["channel_labels"]["number_of_channels"], 2);
    const json& channels = results["channel_labels"]["channels"];
    ASSERT_EQ(channels.size(), 2U);
    EXPECT_EQ(channels[1]["channel_label"], "ch_1");
    EXPECT_EQ(channels[1]["items"][0]["alternatives"][0]["content"], "Hej");
    EXPECT_EQ(results["items"][0]["channel_label"], "ch_0");
    EXPECT_EQ(results["audio_segments"][1]["channel_label"], "ch_1");
}

TEST(Writers, ChannelsAreNamedInEveryFormat) {
    EXPECT_EQ(write_transcript(call(), "txt"), "[channel 1] Hallå?\n[channel 2] Hej & hå.\n");
    EXPECT_EQ(write_transcript(call(), "srt"),
              "1\n00:00:01,000 --> 00:00:02,000\n[channel 1] Hallå?\n\n"
              "2\n00:00:01,500 --> 00:00:02,500\n[channel 2] Hej & hå.\n\n");
    EXPECT_EQ(write_transcript(call(), "vtt"),
              "WEBVTT\n\n00:01.000 --> 00:02.000\n<v channel 1>Hallå?\n\n"
              "00:01.500 --> 00:02.500\n<v channel 2>Hej &amp; hå.\n\n");
    EXPECT_EQ(write_transcript(call(), "tsv"),
              "start\tend\tchannel\ttext\n1000\t2000\t1\tHallå?\n1500\t2500\t2\tHej & hå.\n");
    EXPECT_EQ(write_transcript(call(), "csv"),
              "start,end,channel,text\n1000,2000,1,\"Hallå?\"\n1500,2500,2,\"Hej & hå.\"\n");
    EXPECT_EQ(write_transcript(call(), "lrc"),
              "[00:01.00] [channel 1] Hallå?\n[00:01.50] [channel 2] Hej & hå.\n[00:02.50]\n");
    const json root = json::parse(write_transcript(call(), "json"));
    EXPECT_EQ(root["segments"][1]["channel"], 2);
    EXPECT_FALSE(json::parse(write_transcript(talk(), "json"))["segments"][0].contains("channel"));
}

TEST(Subtitles, ChannelsAreLaidOutEachByItself) {
    Transcript t = call();
    t.segments = {said(0, 4, "Ett två", 1), said(1, 3, "tre", 2), said(4, 6, "fyra.", 1)};
    t.segments[0].words = {{" Ett", 0.0, 1.0, 1}, {" två", 3.0, 4.0, 1}};
    t.segments[1].words = {{" tre", 1.0, 3.0, 1}};
    t.segments[2].words = {{" fyra.", 4.0, 6.0, 1}};
    EXPECT_EQ(write_transcript(t, "srt", {42, 2}),
              "1\n00:00:00,000 --> 00:00:06,000\n[channel 1] Ett två fyra.\n\n"
              "2\n00:00:01,000 --> 00:00:03,000\n[channel 2] tre\n\n");
}

}  // namespace
}  // namespace ft
