// Byte-exact contents of every format.
#include "transcript/writers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"

namespace ft {
namespace {

Segment segment(double start_s, double end_s, const std::string& text) {
    Segment s;
    s.start_s = start_s;
    s.end_s = end_s;
    s.text = text;
    return s;
}

Transcript two_segments() {
    Transcript t;
    t.file = "intervju.mp3";
    t.language = "sv";
    t.duration_s = 3725.5;
    t.segments = {segment(0.0, 59.9996, "Hej på dig."), segment(3599.9994, 3725.4321, "A & B <i> --> slut.")};
    return t;
}

TEST(Writers, ListFormatsInTheOrderOfAll) {
    EXPECT_EQ(output_formats(), (std::vector<std::string>{"txt", "vtt", "srt", "tsv", "json"}));
    try {
        write_transcript(two_segments(), "docx");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_STREQ(error.what(),
                     "\"docx\" is not an output format; there are txt, vtt, srt, tsv, json, lrc, csv, aws");
    }
}

TEST(Writers, Txt) {
    EXPECT_EQ(write_transcript(two_segments(), "txt"), "Hej på dig.\nA & B <i> --> slut.\n");
}

TEST(Writers, TsvHasWholeMilliseconds) {
    EXPECT_EQ(write_transcript(two_segments(), "tsv"),
              "start\tend\ttext\n0\t60000\tHej på dig.\n3599999\t3725432\tA & B <i> --> slut.\n");
}

TEST(Writers, SrtCarriesSecondsIntoMinutesAndBreaksArrows) {
    EXPECT_EQ(write_transcript(two_segments(), "srt"),
              "1\n00:00:00,000 --> 00:01:00,000\nHej på dig.\n\n"
              "2\n00:59:59,999 --> 01:02:05,432\nA & B <i> -> slut.\n\n");
}

TEST(Writers, VttEscapesAndLeavesOutZeroHours) {
    EXPECT_EQ(write_transcript(two_segments(), "vtt"),
              "WEBVTT\n\n"
              "00:00.000 --> 01:00.000\nHej på dig.\n\n"
              "59:59.999 --> 01:02:05.432\nA &amp; B &lt;i&gt; --&gt; slut.\n\n");
}

TEST(Writers, TimesCarryAtEveryBorder) {
    const std::pair<double, const char*> cases[] = {
        {0.0004, "00:00:00,000"},  {0.0005, "00:00:00,001"},       {0.9995, "00:00:01,000"},
        {59.9994, "00:00:59,999"}, {59.9996, "00:01:00,000"},      {3599.9996, "01:00:00,000"},
        {36000.0, "10:00:00,000"}, {359999.9999, "100:00:00,000"}, {-1.0, "00:00:00,000"},
    };
    for (const auto& [seconds, expected] : cases) {
        Transcript t;
        t.segments = {segment(seconds, seconds, "x")};
        const std::string both = std::string(expected) + " --> " + expected;
        EXPECT_EQ(write_transcript(t, "srt"), "1\n" + both + "\nx\n\n") << seconds;
    }
}

TEST(Writers, NoSegmentsStillGiveValidFiles) {
    const Transcript t;
    EXPECT_EQ(write_transcript(t, "txt"), "");
    EXPECT_EQ(write_transcript(t, "srt"), "");
    EXPECT_EQ(write_transcript(t, "vtt"), "WEBVTT\n\n");
    EXPECT_EQ(write_transcript(t, "tsv"), "start\tend\ttext\n");
    const auto json = nlohmann::json::parse(write_transcript(t, "json"));
    EXPECT_EQ(json.at("text"), "");
    EXPECT_TRUE(json.at("segments").is_array() && json.at("segments").empty());
}

TEST(Writers, LineBreaksTabsAndControlCharactersCannotBreakTheFormat) {
    Transcript t;
    t.segments = {segment(0, 1, "ett\n\n2\n00:00:05,000 --->"), segment(1, 2, "\t\n "),
                  segment(2, 3,
                          std::string("a\tb\0c\r\n\xE2\x80\xA8"
                                      "d\xC2\x85",
                                      14))};
    EXPECT_EQ(write_transcript(t, "txt"), "ett  2 00:00:05,000 --->\na b c   d\n");
    EXPECT_EQ(write_transcript(t, "tsv"),
              "start\tend\ttext\n0\t1000\tett  2 00:00:05,000 --->\n2000\t3000\ta b c   d\n");
    EXPECT_EQ(
        write_transcript(t, "srt"),
        "1\n00:00:00,000 --> 00:00:01,000\nett  2 00:00:05,000 ->\n\n2\n00:00:02,000 --> 00:00:03,000\na b c   d\n\n");
    EXPECT_EQ(
        write_transcript(t, "vtt"),
        "WEBVTT\n\n00:00.000 --> 00:01.000\nett  2 00:00:05,000 ---&gt;\n\n00:02.000 --> 00:03.000\na b c   d\n\n");
}

TEST(Writers, EveryFormatIsValidUtf8WhateverTheTextHolds) {
    Transcript t = two_segments();
    t.segments[0].text = "a\xFF\xC3";
    t.segments[0].words = {{" \xE2\x82", 0, 1, 0.5F}};
    t.file = "\x80.wav";
    t.warnings = {"\xED\xA0\x80"};
    t.metadata = {{"k\xFF", "v\xFE"}};
    t.coverage.dropped = {{0, 1, "\xF5", "\xC0"}};
    for (const std::string& format : output_formats()) {
        const std::string out = write_transcript(t, format, {10, 1, true});
        EXPECT_EQ(out, valid_utf8(out)) << format;
        EXPECT_NE(out.find("\xEF\xBF\xBD"), std::string::npos) << format;
    }
}

TEST(Writers, Json) {
    Transcript t = two_segments();
    t.language_probability = 0.987F;
    t.segments[0].tokens = {50364, 15759, 53364};
    t.segments[0].temperature = 0.2F;
    t.segments[0].avg_logprob = -0.25F;
    t.segments[0].compression_ratio = 1.1F;
    t.segments[0].no_speech_prob = 0.0F;
    t.segments[0].probability = 0.5F;
    t.segments[0].confidence = 0.75F;
    t.segments[0].words = {{" Hej", 0.0, 0.42, 0.9F, 0.95F}};
    t.segments.pop_back();
    t.metadata = {{"model", "kb-whisper-small"}, {"precision", "int8"}};
    t.warnings = {"filen slutar \"tidigt\""};
    t.timings.total = 1.23456;
    t.timings.ready = 0.2;
    t.timings.start = {{"main", 0.01}, {"first_token", 0.4}};
    t.coverage.speech_s = 50.5, t.coverage.transcribed_s = 49.5;
    t.coverage.windows = 3, t.coverage.fallback_windows = 1;
    t.coverage.rejected_s = 4.25, t.coverage.rejected_windows = 1;
    t.coverage.repaired = {{10.0, 20.5, "few words", true}};
    t.coverage.dropped = {{1.0, 2.0, "Tack.", "no speech"}};
    t.coverage.low_confidence = {{5.0, 6.0, 0.25F}};
    EXPECT_EQ(write_transcript(t, "json"), R"({
"text": "Hej på dig.",
"language": "sv",
"duration": 3725.5,
"segments": [
{"id":0,"start":0.0,"end":60.0,"text":"Hej på dig.","tokens":[50364,15759,53364],"temperature":0.2,"avg_logprob":-0.25,"compression_ratio":1.1,"no_speech_prob":0.0,"probability":0.5,"confidence":0.75,"words":[{"word":" Hej","start":0.0,"end":0.42,"probability":0.9,"confidence":0.95}]}
],
"metadata": {
 "file": "intervju.mp3",
 "task": "transcribe",
 "language_probability": 0.987,
 "model": "kb-whisper-small",
 "precision": "int8",
 "timing": {
  "total_s": 1.235,
  "ready_s": 0.2,
  "model_load_s": 0.0,
  "device_start_s": 0.0,
  "audio_s": 0.0,
  "vad_s": 0.0,
  "mel_s": 0.0,
  "encoder_s": 0.0,
  "decoder_s": 0.0,
  "start": {
   "main_s": 0.01,
   "first_token_s": 0.4
  }
 },
 "coverage": {
  "speech_s": 50.5,
  "transcribed_s": 49.5,
  "share": 0.9802,
  "windows": 3,
  "fallback_windows": 1,
  "silent_windows": 0,
  "rejected_s": 4.25,
  "rejected_windows": 1,
  "repaired": [
   {
    "start": 10.0,
    "end": 20.5,
    "reason": "few words",
    "replaced": true
   }
  ],
  "dropped": [
   {
    "start": 1.0,
    "end": 2.0,
    "text": "Tack.",
    "reason": "no speech"
   }
  ],
  "low_confidence": [
   {
    "start": 5.0,
    "end": 6.0,
    "confidence": 0.25
   }
  ]
 },
 "warnings": [
  "filen slutar \"tidigt\""
 ]
}
}
)");
}

TEST(Writers, JsonHasNullWhereANumberIsNone) {
    Transcript t = two_segments();
    t.segments[0].avg_logprob = std::numeric_limits<float>::quiet_NaN();
    t.segments[0].compression_ratio = std::numeric_limits<float>::infinity();
    t.segments[0].temperature = -0.0F;
    t.timings.total = std::nan("");
    t.duration_s = -std::numeric_limits<double>::infinity();
    const std::string out = write_transcript(t, "json");
    const auto json = nlohmann::json::parse(out);
    EXPECT_TRUE(json.at("duration").is_null());
    EXPECT_TRUE(json.at("segments").at(0).at("avg_logprob").is_null());
    EXPECT_TRUE(json.at("segments").at(0).at("compression_ratio").is_null());
    EXPECT_TRUE(json.at("metadata").at("timing").at("total_s").is_null());
    EXPECT_EQ(out.find("-0.0"), std::string::npos);
    t.segments[0].start_s = std::nan("");
    t.segments[0].end_s = std::numeric_limits<double>::infinity();
    for (const std::string& format : output_formats()) {
        const std::string any = write_transcript(t, format, {5, 1, true});
        EXPECT_EQ(any.find("nan"), std::string::npos) << format;
        EXPECT_EQ(any.find("inf"), std::string::npos) << format;
    }
}

TEST(Writers, TextJoinsWhatIsThere) {
    Transcript t = two_segments();
    t.segments.insert(t.segments.begin() + 1, segment(60, 61, ""));
    EXPECT_EQ(t.text(), "Hej på dig. A & B <i> --> slut.");
    EXPECT_EQ(Transcript{}.text(), "");
}

TEST(Subtitles, LongTextWrapsAndKeepsItsTimes) {
    Transcript t;
    t.segments = {segment(0, 10, "Åtta små ägg är en riktigt lång rad")};
    EXPECT_EQ(write_transcript(t, "srt", {13, 0, false}),
              "1\n00:00:00,000 --> 00:00:10,000\nÅtta små ägg\när en riktigt\nlång rad\n\n");
    // A longer word stands alone; no line is ever empty.
    t.segments = {segment(0, 1, "en  realisationsvinstbeskattning till")};
    EXPECT_EQ(write_transcript(t, "vtt", {5, 0, false}),
              "WEBVTT\n\n00:00.000 --> 00:01.000\nen\nrealisationsvinstbeskattning\ntill\n\n");
}

TEST(Subtitles, MoreLinesThanAllowedBecomeFurtherCues) {
    Transcript t;
    t.segments = {segment(10, 20, "aaaa bbbb cccc dddd")};  // 19 characters
    EXPECT_EQ(write_transcript(t, "srt", {4, 2, false}),
              "1\n00:00:10,000 --> 00:00:15,263\naaaa\nbbbb\n\n2\n00:00:15,263 --> 00:00:20,000\ncccc\ndddd\n\n");
    EXPECT_EQ(write_transcript(t, "srt", {0, 1, false}), "1\n00:00:10,000 --> 00:00:20,000\naaaa bbbb cccc dddd\n\n");
    t.segments[0].words = {
        {" aaaa", 10.0, 11.0, 1}, {" bbbb", 11.0, 12.0, 1}, {" cccc", 18.0, 19.0, 1}, {" dddd", 19.0, 19.5, 1}};
    EXPECT_EQ(write_transcript(t, "srt", {4, 2, false}),
              "1\n00:00:10,000 --> 00:00:12,000\naaaa\nbbbb\n\n2\n00:00:18,000 --> 00:00:19,500\ncccc\ndddd\n\n");
}

TEST(Subtitles, GroupsOfSoManyWordsAreCuesOfTheirOwn) {
    Transcript t;
    t.segments = {segment(10, 16, "Ett två, tre fyra fem."), segment(16, 18, "Sex.")};
    t.segments[0].words = {{" Ett", 10.0, 11.0, 1},
                           {" två,", 11.0, 12.0, 1},
                           {" tre", 13.0, 14.0, 1},
                           {" fyra", 14.0, 15.0, 1},
                           {" fem.", 15.0, 16.0, 1}};
    t.segments[1].words = {{" Sex.", 16.0, 18.0, 1}};
    EXPECT_EQ(write_transcript(t, "srt", {0, 0, false, 2}),
              "1\n00:00:10,000 --> 00:00:12,000\nEtt två,\n\n2\n00:00:13,000 --> 00:00:15,000\ntre fyra\n\n"
              "3\n00:00:15,000 --> 00:00:16,000\nfem.\n\n4\n00:00:16,000 --> 00:00:18,000\nSex.\n\n");
    EXPECT_EQ(write_transcript(t, "vtt", {0, 0, true, 3}).substr(0, 53),
              "WEBVTT\n\n00:10.000 --> 00:11.000\n<u>Ett</u> två, tre\n");
    const std::string plain = write_transcript(t, "srt");
    t.segments[0].words.clear();
    t.segments[1].words.clear();
    EXPECT_EQ(write_transcript(t, "srt", {0, 0, false, 2}), plain) << "without word times";
}

TEST(Subtitles, WordsAreUnderlinedWhileTheyAreSpoken) {
    Transcript t;
    t.segments = {segment(0, 3, "Hej <du>!")};
    EXPECT_EQ(write_transcript(t, "vtt", {0, 0, true}), write_transcript(t, "vtt"))
        << "without word times nothing changes";
    t.segments[0].words = {{" Hej", 0.0, 1.0, 1}, {" <du>", 1.5, 2.0, 1}, {"!", 2.0, 2.5, 1}};
    EXPECT_EQ(write_transcript(t, "vtt", {0, 0, true}),
              "WEBVTT\n\n"
              "00:00.000 --> 00:01.000\n<u>Hej</u> &lt;du&gt;!\n\n"
              "00:01.000 --> 00:01.500\nHej &lt;du&gt;!\n\n"
              "00:01.500 --> 00:02.000\nHej <u>&lt;du&gt;</u>!\n\n"
              "00:02.000 --> 00:02.500\nHej &lt;du&gt;<u>!</u>\n\n"
              "00:02.500 --> 00:03.000\nHej &lt;du&gt;!\n\n");
}

}  // namespace
}  // namespace ft
