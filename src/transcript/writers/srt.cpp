#include <fmt/format.h>

#include "transcript/writers/cues.h"
#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"

namespace ft {
namespace {

std::string unchanged(const std::string& line) {
    return line;
}

/// SubRip has no escapes; an arrow "-->" in the text could be read as a line of times and becomes "->".
std::string without_arrow(const std::string& text) {
    std::string out;
    for (const char c : text) {
        while (c == '>' && out.size() >= 2 && out.compare(out.size() - 2, 2, "--") == 0) out.pop_back();
        out += c;
    }
    return out;
}

}  // namespace

std::string write_srt(const Transcript& transcript, const WriterOptions& options) {
    std::string out;
    int number = 0;
    for (const Cue& cue : make_cues(transcript, options, unchanged)) {
        out += fmt::format("{}\n{} --> {}\n{}\n\n", ++number, clock_time(cue.start_s, ',', true),
                           clock_time(cue.end_s, ',', true), channel_label(cue.channel) + without_arrow(cue.text));
    }
    return out;
}

}  // namespace ft
