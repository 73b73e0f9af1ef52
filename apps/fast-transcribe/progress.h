#pragma once
// How far a run is: a bar that is redrawn on a terminal, a line now and then elsewhere. Standard error only.
#include <functional>
#include <ostream>
#include <string>

#include "transcriber/transcriber.h"

namespace ft {

/// 75.3 → "1:15", 3725 → "1:02:05".
std::string format_clock(double seconds);
/// 75.3 → "01:15.300", 3725.25 → "01:02:05.250": as in the segments that Whisper programs print.
std::string format_timestamp(double seconds);
/// Text that cannot disturb a terminal: line breaks become spaces, other control characters '?'.
std::string printable(std::string_view text);

/// "45 % of 27:50, 8.3x real time, 1:52 left"; without a known duration "12:34 done, 8.3x real time".
std::string progress_sentence(double done_s, double duration_s, double elapsed_s);
/// "interview.mp3 [#########-----------] 45 % of …", at most `width` columns.
std::string progress_bar(const std::string& label, double done_s, double duration_s, double elapsed_s, int width);

struct ProgressStyle {
    bool bar = false;       ///< redrawn line; for terminals
    bool lines = false;     ///< full lines: 10 s apart at least, and 10 % or a minute
    bool segments = false;  ///< "[00:00.000 --> 00:02.000] text" as they come
    int width = 80;         ///< columns of the terminal
};

/// Shows the progress of one file after another. One thread.
class ProgressPrinter {
  public:
    /// `now_s`: a clock that never goes back.
    ProgressPrinter(std::ostream& err, const ProgressStyle& style, std::function<double()> now_s);
    /// `label`: what the file is called in the lines; `begun_s`: when work on it began, on now_s's clock.
    void begin(const std::string& label, double begun_s);
    void update(const Progress& progress);
    /// Takes the bar away, so that something else can be written.
    void clear();

  private:
    void draw_bar(const Progress& progress, double now);
    void write_line(const Progress& progress, double now);

    std::ostream& err_;
    ProgressStyle style_;
    std::function<double()> now_s_;
    std::string label_;
    double begin_s_ = 0, drawn_s_ = 0, drawn_share_ = 0;
    bool bar_shown_ = false;
};

}  // namespace ft
