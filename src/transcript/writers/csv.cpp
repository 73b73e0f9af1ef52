// A table for spreadsheets (RFC 4180, with "\n" at the ends of lines as everywhere here).
#include <fmt/format.h>

#include <algorithm>

#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"

namespace ft {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

}  // namespace

std::string write_csv(const Transcript& transcript, const WriterOptions&) {
    const bool channels = has_channels(transcript);
    std::string out = channels ? "start,end,channel,text\n" : "start,end,text\n";
    for (const Segment& segment : transcript.segments) {
        const std::string text = one_line(segment.text);
        if (text.empty()) continue;
        const int64_t start_ms = to_ms(segment.start_s);
        out += fmt::format("{},{},", start_ms, std::max(start_ms, to_ms(segment.end_s)));
        if (channels) out += fmt::format("{},", segment.channel);
        out += quoted(text) + "\n";
    }
    return out;
}

}  // namespace ft
