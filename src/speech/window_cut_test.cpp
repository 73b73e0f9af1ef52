#include "speech/window_cut.h"

#include <gtest/gtest.h>

#include "speech/test_signal.h"

namespace ft {
namespace {

using test_signal::second;

/// 2 s from 10 s of the file, then 3 s from 20 s; speech but for the window's first half second.
Window two_pieces() {
    Window window;
    window.index = 7;
    window.pcm.resize(5 * second);
    window.pieces = {{10 * second, 0, 2 * second}, {20 * second, 2 * second, 3 * second}};
    window.speech = {{second / 2, 5 * second}};
    return window;
}

TEST(WindowCut, TailKeepsTheWayBackToTheFile) {
    const Window tail = window_tail(two_pieces(), 1.5);
    EXPECT_EQ(tail.index, 7);
    EXPECT_EQ(tail.pcm.size(), 56000U);
    ASSERT_EQ(tail.pieces.size(), 2U);
    EXPECT_EQ(tail.pieces[0].window_begin, 0);
    EXPECT_EQ(tail.pieces[0].file_begin, 184000);
    EXPECT_EQ(tail.pieces[1].window_begin, 8000);
    EXPECT_NEAR(tail.to_file_time(0.5 + 1.0, false), 21.0, 1e-9);
    EXPECT_EQ(window_tail(two_pieces(), 2.5).pieces.size(), 1U);
    EXPECT_EQ(tail.speech, (std::vector<Span>{{0, 56000}}));
    EXPECT_TRUE(window_tail(two_pieces(), 9.0).pcm.empty());
}

TEST(WindowCut, SpeechOnTheFilesClock) {
    EXPECT_EQ(speech_of(two_pieces()), (std::vector<TimeSpan>{{10.5, 12.0}, {20.0, 23.0}}));
    EXPECT_TRUE(speech_of(Window()).empty());
}

TEST(WindowCut, PartOfTheFile) {
    const Window part = part_of_file(two_pieces(), {11.0, 21.0});
    EXPECT_EQ(part.pcm.size(), 2U * second);
    EXPECT_NEAR(part.file_begin_s(), 11.0, 1e-9);
    EXPECT_NEAR(part.file_end_s(), 21.0, 1e-9);
    EXPECT_EQ(part.speech, (std::vector<Span>{{0, 2 * second}}));
    EXPECT_TRUE(part_of_file(two_pieces(), {12.5, 19.0}).pcm.empty()) << "nothing of it was heard";
}

TEST(WindowCut, CutsBeginWithSpeechAndKeepEverySampleOfIt) {
    Window window;
    window.pcm = test_signal::speech_like(20 * second, 3);
    window.pieces = {{100 * second, 0, 20 * second}};
    window.speech = {{3 * second, 8 * second}, {9 * second, 13 * second}, {13 * second + 4000, 20 * second}};
    const std::vector<Window> cuts = cut_again(window, 10.0, 0.5);
    ASSERT_EQ(cuts.size(), 2U);
    EXPECT_NEAR(cuts[0].file_begin_s(), 103.0, 1e-9);
    EXPECT_NEAR(cuts[1].file_end_s(), 120.0, 1e-9);
    int64_t heard = 0;
    for (const Window& cut : cuts) {
        EXPECT_LE(cut.duration_s(), 10.0);
        int64_t at = 0;
        for (const WindowPiece& piece : cut.pieces) {
            EXPECT_EQ(piece.window_begin, at);
            for (int64_t i = 0; i < piece.size; i += 97) {
                EXPECT_EQ(cut.pcm[static_cast<size_t>(at + i)],
                          window.pcm[static_cast<size_t>(piece.file_begin - 100 * second + i)]);
            }
            at += piece.size;
        }
        EXPECT_EQ(at, static_cast<int64_t>(cut.pcm.size()));
        for (const Span& span : cut.speech) heard += span.size();
    }
    EXPECT_EQ(heard, 5 * second + 4 * second + 7 * second - 4000);
    EXPECT_TRUE(cut_again(part_of_window(window, 0, 2 * second), 10.0, 0.5).empty());
}

}  // namespace
}  // namespace ft
