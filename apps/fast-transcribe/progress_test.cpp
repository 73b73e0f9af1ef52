#include "progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace ft {
namespace {

Progress at(double done_s, double duration_s, const std::vector<Segment>* segments = nullptr) {
    return {done_s, duration_s, segments};
}

TEST(Progress, ClocksReadLikeClocks) {
    EXPECT_EQ(format_clock(0), "0:00");
    EXPECT_EQ(format_clock(75.3), "1:15");
    EXPECT_EQ(format_clock(59.7), "1:00");
    EXPECT_EQ(format_clock(36125), "10:02:05");
    EXPECT_EQ(format_clock(-1), "0:00");
    EXPECT_EQ(format_timestamp(0), "00:00.000");
    EXPECT_EQ(format_timestamp(75.3), "01:15.300");
    EXPECT_EQ(format_timestamp(59.9996), "01:00.000");
    EXPECT_EQ(format_timestamp(3725.25), "01:02:05.250");
}

TEST(Progress, SentenceTellsSpeedAndTimeLeft) {
    EXPECT_EQ(progress_sentence(60, 600, 6), "10 % of 10:00, 10.0x real time, 0:54 left");
    EXPECT_EQ(progress_sentence(0, 600, 0), "0 % of 10:00");
    EXPECT_EQ(progress_sentence(60, 0, 6), "1:00 done, 10.0x real time");
    EXPECT_EQ(progress_sentence(599.9, 600, 60).substr(0, 4), "99 %") << "100 % is said when all is done";
    EXPECT_EQ(progress_sentence(700, 600, 70).substr(0, 5), "100 %") << "containers lie about their duration";
}

TEST(Progress, BarFitsTheTerminal) {
    const std::string label = "ett långt namn på en fil som inte får plats.mp3";
    EXPECT_EQ(progress_bar("a.mp3", 300, 600, 30, 100),
              "a.mp3 [##########----------] 50 % of 10:00, 10.0x real time, 0:30 left");
    for (const int width : {1, 5, 20, 40, 60, 79, 80, 120}) {
        const std::string bar = progress_bar(label, 300, 600, 30, width);
        const auto columns = std::count_if(bar.begin(), bar.end(),
                                           [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
        EXPECT_LE(columns, width) << bar;
    }
    EXPECT_EQ(progress_bar("a.mp3", 300, 0, 30, 100).find('['), std::string::npos) << "no share of an unknown length";
}

TEST(Progress, NothingFromAFileNameReachesTheTerminalAsACommand) {
    EXPECT_EQ(printable("a\x1b[2J\nb\x7f\xc2\x9b"
                        "å"),
              "a?[2J b??å");
}

TEST(ProgressPrinter, LinesAreRare) {
    std::ostringstream err;
    double now = 0;
    ProgressPrinter printer(err, {.bar = false, .lines = true, .segments = false, .width = 80}, [&] { return now; });
    printer.begin("a.mp3", now);
    for (int second = 1; second <= 100; ++second) {  // 1 % a second
        now = second;
        printer.update(at(second * 10, 1000));
    }
    const std::string text = err.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
    EXPECT_EQ(text.substr(0, text.find('\n')), "a.mp3: 10 % of 16:40, 10.0x real time, 1:30 left");
    EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(ProgressPrinter, SlowRunsSayOnceAMinuteThatTheyLive) {
    std::ostringstream err;
    double now = 0;
    ProgressPrinter printer(err, {.bar = false, .lines = true, .segments = false, .width = 80}, [&] { return now; });
    printer.begin("a.mp3", now);
    for (int second = 1; second <= 300; ++second) {
        now = second;
        printer.update(at(second, 100000));
    }
    const std::string text = err.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
}

TEST(ProgressPrinter, ShortRunsSayNothing) {
    std::ostringstream err;
    double now = 0;
    ProgressPrinter printer(err, {.bar = false, .lines = true, .segments = false, .width = 80}, [&] { return now; });
    printer.begin("a.mp3", now);
    for (now = 1; now < 9; ++now) printer.update(at(now * 10, 90));
    EXPECT_EQ(err.str(), "");
}

TEST(ProgressPrinter, BarIsRedrawnAndTakenAway) {
    std::ostringstream err;
    double now = 0;
    ProgressPrinter printer(err, {.bar = true, .lines = false, .segments = false, .width = 80}, [&] { return now; });
    printer.begin("a.mp3", now);
    now = 1;
    printer.update(at(10, 100));
    printer.update(at(11, 100));  // too soon after the last to be worth drawing
    now = 2;
    printer.update(at(20, 100));
    printer.clear();
    printer.clear();
    const std::string text = err.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 3);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_NE(text.find("20 %"), std::string::npos);
    EXPECT_EQ(text.substr(text.size() - 4), "\r\x1b[K");
}

TEST(ProgressPrinter, SegmentsComeAsLinesEvenUnderABar) {
    std::ostringstream err;
    double now = 0;
    ProgressPrinter printer(err, {.bar = true, .lines = false, .segments = true, .width = 80}, [&] { return now; });
    printer.begin("a.mp3", now);
    Segment segment;
    segment.start_s = 1, segment.end_s = 2.5, segment.text = "Hej på dig.";
    const std::vector<Segment> segments{segment};
    printer.update(at(3, 10, &segments));
    EXPECT_NE(err.str().find("\r\x1b[K[00:01.000 --> 00:02.500] Hej på dig.\n"), std::string::npos) << err.str();
}

TEST(ProgressPrinter, QuietIsQuiet) {
    std::ostringstream err;
    double now = 0;
    ProgressPrinter printer(err, {}, [&] { return now; });
    printer.begin("a.mp3", now);
    now = 1000;
    const std::vector<Segment> segments(1);
    printer.update(at(50, 100, &segments));
    printer.clear();
    EXPECT_EQ(err.str(), "");
}

}  // namespace
}  // namespace ft
