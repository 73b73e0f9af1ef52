#include "speech/window_packer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "speech/test_signal.h"

namespace ft {
namespace {

using test_signal::second;

/// Sample i of the file is i, so that a window's samples say where they come from (exact up to 2^24 samples, 17 min).
std::vector<float> ramp(int64_t samples) {
    std::vector<float> pcm(static_cast<size_t>(samples));
    for (size_t i = 0; i < pcm.size(); ++i) pcm[i] = static_cast<float>(i);
    return pcm;
}

const PackOptions up_to_30_s = {.max_window_s = 30.0};

std::vector<Window> pack(const std::vector<float>& pcm, const std::vector<Span>& spans,
                         const PackOptions& options = up_to_30_s) {
    WindowPacker packer(options);
    std::vector<Window> windows;
    packer.push_pcm(pcm);
    for (const Span& span : spans) packer.push_span(span, windows);
    packer.finish(windows);
    return windows;
}

std::vector<float> quiet_noise(int64_t samples) {
    return test_signal::noise(static_cast<size_t>(samples), 1, 0.5);
}

void silence(std::vector<float>& pcm, double from_s, double to_s) {
    for (auto i = static_cast<size_t>(from_s * 16000); i < static_cast<size_t>(to_s * 16000); ++i) pcm[i] = 0.0F;
}

/// What must hold for every window, whatever the spans.
void check_windows(const std::vector<Window>& windows, const std::vector<Span>& spans, const PackOptions& options,
                   const std::vector<float>& file) {
    std::vector<int> covered(file.size());
    int64_t last = -1;
    for (size_t w = 0; w < windows.size(); ++w) {
        const Window& window = windows[w];
        ASSERT_EQ(window.index, static_cast<int64_t>(w));
        ASSERT_FALSE(window.pcm.empty());
        ASSERT_LE(window.duration_s(), options.max_window_s);
        int64_t at = 0;
        for (const WindowPiece& piece : window.pieces) {
            ASSERT_EQ(piece.window_begin, at);
            ASSERT_GT(piece.size, 0);
            ASSERT_GT(piece.file_begin, last) << "the file's order";
            const auto from = window.pcm.begin() + at;
            ASSERT_TRUE(std::equal(from, from + piece.size, file.begin() + piece.file_begin));
            for (int64_t i = 0; i < piece.size; ++i) ++covered[static_cast<size_t>(piece.file_begin + i)];
            // A moment inside a piece maps back to its sample; at the borders the side is chosen.
            const double middle = static_cast<double>(at) + static_cast<double>(piece.size) / 2;
            ASSERT_NEAR(window.to_file_time(middle / 16000, false) * 16000,
                        static_cast<double>(piece.file_begin) + static_cast<double>(piece.size) / 2, 1e-4);
            ASSERT_NEAR(window.to_file_time(static_cast<double>(at) / 16000, false) * 16000,
                        static_cast<double>(piece.file_begin), 1e-4);
            at += piece.size;
            last = piece.file_begin + piece.size - 1;
            ASSERT_NEAR(window.to_file_time(static_cast<double>(at) / 16000, true) * 16000,
                        static_cast<double>(last + 1), 1e-4);
        }
        ASSERT_EQ(at, static_cast<int64_t>(window.pcm.size()));
        ASSERT_NEAR(window.file_end_s() * 16000, static_cast<double>(last + 1), 1e-4);
        double before = -1.0;
        for (double t = -0.5; t < window.duration_s() + 1; t += 0.37) {
            ASSERT_GE(window.to_file_time(t, false), before);
            before = window.to_file_time(t, false);
            ASSERT_GE(before, window.file_begin_s());
            ASSERT_LE(before, window.file_end_s());
        }
    }
    for (const Span& span : spans) {
        const auto begin = covered.begin() + span.begin, end = covered.begin() + span.end;
        ASSERT_EQ(std::count(begin, end, 1), span.size()) << "span " << span.begin;
        std::fill(begin, end, 0);
    }
    // What else is there are pauses of at most max_pause_s, whole.
    for (auto at = covered.begin(); at != covered.end();) {
        const auto end = std::find_if(at, covered.end(), [&](int count) { return count != *at; });
        ASSERT_LE(*at, 1);
        if (*at == 1) {
            ASSERT_LE(static_cast<double>(end - at), options.max_pause_s * 16000);
        }
        at = end;
    }
}

TEST(WindowPacker, AnySpansAreCoveredOnceAndMapBack) {
    std::mt19937 random(1);
    const auto between = [&](int64_t low, int64_t high) {
        return std::uniform_int_distribution<int64_t>(low, high)(random);
    };
    for (int round = 0; round < 12; ++round) {
        PackOptions options;
        if (round % 3 == 1) options = {static_cast<double>(between(1, 30)), static_cast<double>(between(0, 5)), 3.0};
        if (round % 3 == 2) options = {5.0, 20.0, 0.5};
        std::vector<Span> spans;
        int64_t at = between(0, 3) * 1000;
        const int64_t longest = round % 4 == 0 ? 80 * second : round % 4 == 1 ? 2000 : 8 * second;
        while (at < 200 * second) {
            const int64_t begin = at + (between(0, 2) == 0 ? 0 : between(0, 5 * second));
            at = begin + between(1, longest);
            spans.push_back({begin, at});
        }
        const std::vector<float> file = ramp(at + between(0, 1000));
        SCOPED_TRACE(round);
        check_windows(pack(file, spans, options), spans, options, file);
        if (HasFatalFailure()) return;
    }
}

TEST(WindowPacker, ShortPausesStayLongOnesGo) {
    const std::vector<Span> spans = {{0, 2 * second}, {4 * second, 5 * second}, {8 * second, 9 * second}};
    const std::vector<Window> windows = pack(ramp(10 * second), spans);
    ASSERT_EQ(windows.size(), 1U);
    const Window& window = windows[0];
    ASSERT_EQ(window.pieces.size(), 2U) << "2 s are kept, 3 s are cut out";
    EXPECT_EQ(window.pieces[0].size, 5 * second);
    EXPECT_EQ(window.pieces[1].file_begin, 8 * second);
    EXPECT_DOUBLE_EQ(window.duration_s(), 6.0);
    EXPECT_DOUBLE_EQ(window.to_file_time(5.0, true), 5.0);
    EXPECT_DOUBLE_EQ(window.to_file_time(5.0, false), 8.0);
    EXPECT_DOUBLE_EQ(window.to_file_time(5.5, false), 8.5);
    EXPECT_DOUBLE_EQ(window.to_file_time(-1.0, false), 0.0);
    EXPECT_DOUBLE_EQ(window.to_file_time(7.0, false), 9.0);
    EXPECT_DOUBLE_EQ(window.file_begin_s(), 0.0);
    EXPECT_DOUBLE_EQ(window.file_end_s(), 9.0);
}

TEST(WindowPacker, EndsAWindowInItsLongestLatePause) {
    // Pauses of 1.5 s at 10 s (too early), 1.0 s at 24 s, 0.2 s at 28 s.
    const std::vector<Span> spans = {{0, 10 * second},
                                     {10 * second + 24000, 24 * second},
                                     {25 * second, 28 * second},
                                     {28 * second + 3200, 40 * second}};
    const std::vector<Window> windows = pack(ramp(41 * second), spans);
    ASSERT_EQ(windows.size(), 2U);
    EXPECT_DOUBLE_EQ(windows[0].duration_s(), 24.0);
    EXPECT_DOUBLE_EQ(windows[1].file_begin_s(), 25.0);
}

TEST(WindowPacker, AFullWindowIsWorthMoreThanASlightlyLongerPause) {
    const std::vector<Span> spans = {
        {0, 23 * second}, {23 * second + 8000, 29 * second}, {29 * second + 6400, 40 * second}};
    EXPECT_DOUBLE_EQ(pack(ramp(41 * second), spans)[0].duration_s(), 29.0);
}

TEST(WindowPacker, CutsALongSpanAtItsQuietestPoint) {
    std::vector<float> pcm = quiet_noise(100 * second);
    silence(pcm, 10.0, 10.5);  // too early for the first window
    silence(pcm, 26.0, 26.12);
    for (size_t i = 28 * second; i < 28 * second + 8000; ++i) pcm[i] *= 0.5F;  // quieter, not quiet
    silence(pcm, 53.4, 53.5);
    const Span span{0, 70 * second};
    const std::vector<Window> windows = pack(pcm, {span});
    ASSERT_EQ(windows.size(), 3U);
    EXPECT_NEAR(windows[0].file_end_s(), 26.06, 0.05);
    EXPECT_EQ(windows[1].file_begin_s(), windows[0].file_end_s());
    EXPECT_NEAR(windows[1].file_end_s(), 53.45, 0.05);
    check_windows(windows, {span}, up_to_30_s, pcm);
}

TEST(WindowPacker, QuietMeansWithoutDc) {
    std::vector<float> pcm = quiet_noise(40 * second);
    silence(pcm, 27.0, 27.1);
    for (float& value : pcm) value += 0.8F;
    for (size_t i = 25 * second; i < 26 * second; ++i) pcm[i] -= 0.8F;  // noise around zero is no pause
    EXPECT_NEAR(pack(pcm, {{0, 40 * second}})[0].file_end_s(), 27.05, 0.05);
}

TEST(WindowPacker, PartsOfASpanArePackedLikeTheWhole) {
    std::vector<float> pcm = quiet_noise(130 * second);
    silence(pcm, 27.0, 27.2);
    silence(pcm, 50.0, 50.1);
    const std::vector<Window> whole = pack(pcm, {{1000, 100 * second}, {101 * second, 130 * second}});
    std::vector<Span> parts;
    for (int64_t at = 1000; at < 100 * second; at += 4567) {
        const int64_t end = std::min(at + 4567, 100 * second);
        parts.push_back({at, end, end < 100 * second});
    }
    parts.push_back({101 * second, 130 * second});
    const std::vector<Window> joined = pack(pcm, parts);
    ASSERT_EQ(joined.size(), whole.size());
    for (size_t i = 0; i < whole.size(); ++i) {
        EXPECT_EQ(joined[i].file_begin_s(), whole[i].file_begin_s());
        EXPECT_EQ(joined[i].file_end_s(), whole[i].file_end_s());
        EXPECT_EQ(joined[i].pcm, whole[i].pcm);
    }
}

/// The whole chain on a long stream: PCM in blocks, spans as they are found.
TEST(WindowPacker, MemoryIsBoundedWhateverIsSaid) {
    const auto run = [](const auto& probability_of) {
        SpanBuilder builder(VadOptions{});
        WindowPacker packer(up_to_30_s);
        std::vector<Window> windows;
        size_t most = 0, packed = 0;
        const std::vector<float> block(512 * 10, 0.25F);
        const int64_t blocks = 3600 * second / static_cast<int64_t>(block.size());
        for (int64_t i = 0; i < blocks; ++i) {
            packer.push_pcm(block);
            std::vector<Span> spans;
            std::vector<float> probabilities;
            for (int64_t frame = 10 * i; frame < 10 * (i + 1); ++frame) probabilities.push_back(probability_of(frame));
            builder.push(probabilities, spans);
            for (const Span& span : spans) packer.push_span(span, windows);
            packer.forget_before(builder.earliest_begin());
            for (const Window& window : windows) packed += window.pcm.size();
            windows.clear();
            most = std::max(most, packer.held_samples());
        }
        std::vector<Span> spans;
        builder.finish(blocks * static_cast<int64_t>(block.size()), spans);
        for (const Span& span : spans) packer.push_span(span, windows);
        packer.finish(windows);
        for (const Window& window : windows) packed += window.pcm.size();
        EXPECT_LT(most, static_cast<size_t>(130 * second));
        return packed;
    };
    const size_t hour = static_cast<size_t>(3600 * second) / 5120 * 5120;
    EXPECT_EQ(run([](int64_t) { return 0.0F; }), 0U);
    EXPECT_EQ(run([](int64_t) { return 0.9F; }), hour) << "an hour without a pause";
    EXPECT_GT(run([](int64_t i) { return i % 50 < 30 ? 0.9F : 0.0F; }), hour / 2);
    EXPECT_GT(run([](int64_t i) { return i < 10 || i / 10 == 11000 ? 0.9F : 0.0F; }), 0U)
        << "a word, an hour of silence, a word";
    EXPECT_EQ(run([](int64_t i) { return i == 0 ? 0.9F : i == 1 ? 0.1F : 0.4F; }), hour) << "doubt";
}

TEST(WindowPacker, RefusesNonsense) {
    EXPECT_THROW(WindowPacker({0.5, 2.0, 8.0}), Error);
    EXPECT_THROW(WindowPacker({31.0, 2.0, 8.0}), Error);
    EXPECT_THROW(WindowPacker({std::nan(""), 2.0, 8.0}), Error);
    EXPECT_THROW(WindowPacker({30.0, -1.0, 8.0}), Error);
    EXPECT_THROW(WindowPacker({30.0, 2.0, 0.0}), Error);
    WindowPacker packer(up_to_30_s);
    std::vector<Window> windows;
    packer.push_pcm(ramp(1000));
    EXPECT_THROW(packer.push_span({0, 1001}, windows), Error) << "not pushed yet";
    EXPECT_THROW(packer.push_span({10, 10}, windows), Error) << "empty";
    packer.push_span({0, 500}, windows);
    EXPECT_THROW(packer.push_span({499, 600}, windows), Error) << "overlaps";
    packer.finish(windows);
    packer.forget_before(700);
    EXPECT_THROW(packer.push_span({600, 800}, windows), Error) << "forgotten";
    packer.finish(windows);
    ASSERT_EQ(windows.size(), 1U) << "nothing new since";
    EXPECT_EQ(Window{}.to_file_time(1.0, false), 0.0);
}

}  // namespace
}  // namespace ft
