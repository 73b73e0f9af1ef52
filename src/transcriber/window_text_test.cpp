#include "transcriber/window_text.h"

#include <gtest/gtest.h>

#include "transcriber/window_words.h"

namespace ft {
namespace {

constexpr int32_t ts = 300;

Tokenizer byte_tokenizer() {
    Vocabulary vocabulary;
    for (int b = 0; b < 256; ++b) vocabulary.tokens.emplace_back(1, static_cast<char>(b));
    vocabulary.first_special = 256;
    for (int i = 256; i < 1900; ++i) vocabulary.tokens.push_back("<|special|>");
    return Tokenizer(vocabulary);
}

/// 2 s from 10 s of the file, then 3 s from 20 s.
Window two_pieces() {
    Window window;
    window.pcm.resize(5 * 16000);
    window.pieces = {{10 * 16000, 0, 2 * 16000}, {20 * 16000, 2 * 16000, 3 * 16000}};
    return window;
}

TEST(WindowText, MapsTimesToTheFile) {
    Hypothesis h;
    h.tokens = {ts, ' ', 'a', ts + 75, ts + 125, ' ', 'b', ts + 200};
    const WindowText text = make_window_text(two_pieces(), h, byte_tokenizer(), ts);
    ASSERT_EQ(text.segments.size(), 2u);
    EXPECT_EQ(text.segments[0].text, "a");
    EXPECT_NEAR(text.segments[0].start_s, 10.0, 1e-9);
    EXPECT_NEAR(text.segments[0].end_s, 11.5, 1e-9);
    EXPECT_NEAR(text.segments[1].start_s, 20.5, 1e-9);
    EXPECT_NEAR(text.segments[1].end_s, 22.0, 1e-9);
}

TEST(WindowText, AWordOverACutIsWhereItSounds) {
    const Window window = two_pieces();
    const Word word = {" vad", 0.5, 2.5, 0.9F};  // the cut is at 2 s
    std::vector<uint8_t> sound(500);
    std::fill(sound.begin() + 210, sound.begin() + 250, uint8_t{1});
    EXPECT_NEAR(file_times(window, sound, word).first, 20.0, 1e-9) << "silence before the cut is padding";
    EXPECT_NEAR(file_times(window, sound, word).second, 20.5, 1e-9);
    std::fill(sound.begin() + 60, sound.begin() + 120, uint8_t{1});
    EXPECT_NEAR(file_times(window, sound, word).first, 10.5, 1e-9);
    EXPECT_NEAR(file_times(window, {}, word).second, 12.0, 1e-9) << "nothing is known of the sound: more of its time";
}

TEST(WindowText, WordsStayOnTheSideOfTheirSegment) {
    Hypothesis h;
    h.tokens = {ts + 25, ' ', 'a', ' ', 'b', '.', ' ', 'c', ' ', 'd', ts + 225};  // the cut is at 2 s
    h.logprobs.assign(h.tokens.size(), -0.1F);
    // Attention gives " c" the sound that is left of "b." before the cut.
    h.times = {{25, 30}, {30, 50}, {50, 55}, {55, 80}, {80, 90}, {90, 92}, {92, 150}, {150, 155}, {155, 225}};
    Window window = two_pieces();
    for (size_t i = 0; i < window.pcm.size(); ++i) {
        const bool sounds = i < 31000 || i > 47200;
        window.pcm[i] = sounds ? (i / 20 % 2 == 0 ? 0.3F : -0.3F) : 0.0F;
    }
    const WindowText text = make_window_text(window, h, byte_tokenizer(), ts);
    ASSERT_EQ(text.segments.size(), 2U);
    ASSERT_EQ(text.segments[1].words.size(), 2U);
    EXPECT_GE(text.segments[1].words[0].start_s, 20.0) << "of the rest";
    EXPECT_LE(text.segments[0].words.back().end_s, 12.0);
}

TEST(WindowText, LeavesOutBlankSegments) {
    Hypothesis h;
    h.tokens = {ts, ' ', ts + 50, ts + 50, 'x', ts + 100};
    EXPECT_EQ(make_window_text(two_pieces(), h, byte_tokenizer(), ts).segments.size(), 1u);
}

TEST(WindowText, WhatLastsThroughACutBecomesTwo) {
    Hypothesis h;
    h.tokens = {ts + 25, ' ', 'a', ' ', 'b', '.', ' ', 'c', ' ', 'd', ts + 225};  // 0.5 to 4.5 s, the cut is at 2 s
    WindowText text = make_window_text(two_pieces(), h, byte_tokenizer(), ts);
    ASSERT_EQ(text.segments.size(), 2U);
    EXPECT_EQ(text.segments[0].text, "a b.") << "where a clause ends";
    EXPECT_NEAR(text.segments[0].end_s, 12.0, 1e-9);
    EXPECT_EQ(text.segments[1].text, "c d");
    EXPECT_NEAR(text.segments[1].start_s, 20.0, 1e-9);
    EXPECT_NEAR(text.segments[1].end_s, 22.5, 1e-9);
    h.tokens = {ts + 25, ' ', 'a', 'b', ts + 225};
    text = make_window_text(two_pieces(), h, byte_tokenizer(), ts);
    ASSERT_EQ(text.segments.size(), 1U) << "one word has no middle";
    EXPECT_NEAR(text.segments[0].start_s, 20.0, 1e-9) << "most of it is there";
    h.tokens = {ts + 25, ' ', 'a', ' ', 'b', ts + 105};
    text = make_window_text(two_pieces(), h, byte_tokenizer(), ts);
    ASSERT_EQ(text.segments.size(), 1U) << "a tenth of a second beyond";
    EXPECT_NEAR(text.segments[0].end_s, 12.0, 1e-9);
}

}  // namespace
}  // namespace ft
