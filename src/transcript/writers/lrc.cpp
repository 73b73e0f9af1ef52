// Lyrics with times, as players of music show them: a line stays until the next one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"

namespace ft {
namespace {

constexpr double least_pause_s = 2.0;  // a longer one clears the line

/// Hundredths of a second, minutes beyond 99 as they are: the format has no hours.
std::string lrc_time(double seconds) {
    const int64_t hundredths = (to_ms(seconds) + 5) / 10;
    return fmt::format("{:02}:{:02}.{:02}", hundredths / 6000, hundredths / 100 % 60, hundredths % 100);
}

/// The format has no escapes: what looks like a further time keeps away from the one before it.
std::string plain(const std::string& text) {
    return text.front() == '[' ? " " + text : text;
}

/// Each word after its own time.
std::string timed_words(const Segment& segment) {
    std::string line;
    for (const Word& word : segment.words) {
        const std::string text = one_line(word.text);
        if (!text.empty()) line += fmt::format("{}<{}>{}", line.empty() ? "" : " ", lrc_time(word.start_s), text);
    }
    return line;
}

}  // namespace

std::string write_lrc(const Transcript& transcript, const WriterOptions& options) {
    std::string out;
    if (transcript.duration_s > 0) {
        const int64_t seconds = (to_ms(transcript.duration_s) + 500) / 1000;
        out = fmt::format("[length:{:02}:{:02}]\n", seconds / 60, seconds % 60);
    }
    double shown_until_s = -1.0;
    for (const Segment& segment : transcript.segments) {
        std::string text = channel_label(segment.channel) + one_line(segment.text);
        if (one_line(segment.text).empty()) continue;
        if (options.highlight_words && !segment.words.empty())
            text = channel_label(segment.channel) + timed_words(segment);
        if (shown_until_s >= 0 && segment.start_s - shown_until_s > least_pause_s)
            out += fmt::format("[{}]\n", lrc_time(shown_until_s));
        out += fmt::format("[{}]{}\n", lrc_time(segment.start_s), plain(text));
        shown_until_s = std::max(shown_until_s, std::max(segment.start_s, segment.end_s));
    }
    if (shown_until_s >= 0) out += fmt::format("[{}]\n", lrc_time(shown_until_s));
    return out;
}

}  // namespace ft
