#include "progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ft {

namespace {

constexpr double redraw_every_s = 0.1;
constexpr double line_every_s = 10.0, line_at_least_every_s = 60.0, line_share = 0.0999;

/// Columns that UTF-8 text takes, one a code point: near enough for file names.
size_t columns(std::string_view text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// At most `width` columns; what is too long ends in "...".
std::string shortened(const std::string& text, size_t width) {
    if (columns(text) <= width) return text;
    if (width <= 3) return std::string(width, '.');
    size_t end = 0;
    for (size_t seen = 0; end < text.size(); ++end) {
        if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80 && ++seen > width - 3) break;
    }
    return text.substr(0, end) + "...";
}

double share_of(double done_s, double duration_s) {
    return duration_s > 0 ? std::clamp(done_s / duration_s, 0.0, 1.0) : 0.0;
}

int64_t whole_seconds(double seconds) {
    return std::isfinite(seconds) && seconds > 0 ? static_cast<int64_t>(seconds) : 0;
}

}  // namespace

std::string format_clock(double seconds) {
    const int64_t s = whole_seconds(seconds + 0.5);
    if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    return fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string format_timestamp(double seconds) {
    const int64_t ms = whole_seconds(seconds * 1000 + 0.5);
    const std::string rest = fmt::format("{:02}:{:02}.{:03}", ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
    return ms >= 3600000 ? fmt::format("{:02}:{}", ms / 3600000, rest) : rest;
}

std::string printable(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        // U+0080…U+009F, two bytes in UTF-8, are control characters too for some terminals.
        if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
            static_cast<unsigned char>(text[i + 1]) < 0xA0) {
            out += '?';
            ++i;
        } else if (c == '\n' || c == '\r' || c == '\t') {
            out += ' ';
        } else {
            out += c < 0x20 || c == 0x7F ? '?' : text[i];
        }
    }
    return out;
}

std::string progress_sentence(double done_s, double duration_s, double elapsed_s) {
    const double speed = elapsed_s > 0 ? done_s / elapsed_s : 0;
    std::string text = duration_s > 0 ? fmt::format("{:.0f} % of {}", std::floor(share_of(done_s, duration_s) * 100),
                                                    format_clock(duration_s))
                                      : fmt::format("{} done", format_clock(done_s));
    if (speed > 0) text += fmt::format(", {:.1f}x real time", speed);
    if (speed > 0 && duration_s > 0)
        text += fmt::format(", {} left", format_clock(std::max(0.0, duration_s - done_s) / speed));
    return text;
}

std::string progress_bar(const std::string& label, double done_s, double duration_s, double elapsed_s, int width) {
    const std::string sentence = progress_sentence(done_s, duration_s, elapsed_s);
    const auto room = static_cast<size_t>(std::max(width, 1));
    constexpr size_t cells = 20;
    std::string bar;
    if (duration_s > 0 && room >= sentence.size() + cells + 14) {  // "[", "]", two spaces and ten columns of the name
        const auto filled = static_cast<size_t>(share_of(done_s, duration_s) * cells);
        bar = "[" + std::string(filled, '#') + std::string(cells - filled, '-') + "] ";
    }
    const size_t used = bar.size() + sentence.size() + 1;
    const std::string name = room > used ? shortened(label, room - used) + " " : "";
    return shortened(name + bar + sentence, room);
}

ProgressPrinter::ProgressPrinter(std::ostream& err, const ProgressStyle& style, std::function<double()> now_s)
    : err_(err), style_(style), now_s_(std::move(now_s)) {}

void ProgressPrinter::begin(const std::string& label, double begun_s) {
    label_ = printable(label);
    begin_s_ = begun_s;
    drawn_s_ = now_s_();
    drawn_share_ = 0;
    if (style_.bar) {
        err_ << shortened(label_, static_cast<size_t>(std::max(style_.width, 2) - 1)) << std::flush;
        bar_shown_ = true;
    }
}

void ProgressPrinter::update(const Progress& progress) {
    const double now = now_s_();
    if (style_.segments && progress.new_segments != nullptr && !progress.new_segments->empty()) {
        clear();
        for (const Segment& segment : *progress.new_segments) {
            err_ << "[" << format_timestamp(segment.start_s) << " --> " << format_timestamp(segment.end_s) << "] "
                 << printable(segment.text) << "\n";
        }
        err_ << std::flush;
    }
    if (style_.bar && (!bar_shown_ || now - drawn_s_ >= redraw_every_s)) draw_bar(progress, now);
    if (style_.lines) write_line(progress, now);
}

void ProgressPrinter::draw_bar(const Progress& progress, double now) {
    // One column less than the terminal has: some wrap when the last one is written.
    err_ << "\r"
         << progress_bar(label_, progress.done_s, progress.duration_s, now - begin_s_, std::max(style_.width, 2) - 1)
         << "\x1b[K" << std::flush;
    bar_shown_ = true;
    drawn_s_ = now;
}

void ProgressPrinter::write_line(const Progress& progress, double now) {
    const double share = share_of(progress.done_s, progress.duration_s), since_s = now - drawn_s_;
    if (since_s < line_every_s || (since_s < line_at_least_every_s && share < drawn_share_ + line_share)) return;
    err_ << label_ << ": " << progress_sentence(progress.done_s, progress.duration_s, now - begin_s_) << std::endl;
    drawn_s_ = now;
    drawn_share_ = share;
}

void ProgressPrinter::clear() {
    if (!bar_shown_) return;
    err_ << "\r\x1b[K" << std::flush;
    bar_shown_ = false;
}

}  // namespace ft
