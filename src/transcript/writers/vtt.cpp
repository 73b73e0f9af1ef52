#include <fmt/format.h>

#include "transcript/writers/cues.h"
#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"

namespace ft {
namespace {

/// With every '>' escaped, no arrow can stand in the text.
std::string escaped(const std::string& line) {
    std::string out;
    for (const char c : line) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace

std::string write_vtt(const Transcript& transcript, const WriterOptions& options) {
    std::string out = "WEBVTT\n\n";
    for (const Cue& cue : make_cues(transcript, options, escaped)) {
        const std::string voice = cue.channel > 0 ? fmt::format("<v channel {}>", cue.channel) : "";
        out += fmt::format("{} --> {}\n{}{}\n\n", clock_time(cue.start_s, '.', false),
                           clock_time(cue.end_s, '.', false), voice, cue.text);
    }
    return out;
}

}  // namespace ft
