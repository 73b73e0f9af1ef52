#include <fmt/format.h>

#include <algorithm>

#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"

namespace ft {

std::string write_tsv(const Transcript& transcript, const WriterOptions&) {
    const bool channels = has_channels(transcript);
    std::string out = channels ? "start\tend\tchannel\ttext\n" : "start\tend\ttext\n";
    for (const Segment& segment : transcript.segments) {
        const std::string text = one_line(segment.text);  // tabs are gone, too
        if (text.empty()) continue;
        const int64_t start_ms = to_ms(segment.start_s);
        out += fmt::format("{}\t{}\t", start_ms, std::max(start_ms, to_ms(segment.end_s)));
        if (channels) out += fmt::format("{}\t", segment.channel);
        out += text + "\n";
    }
    return out;
}

}  // namespace ft
