#include <fmt/format.h>

#include <algorithm>

#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"

namespace ft {

std::string write_tsv(const Transcript& transcript, const WriterOptions&) {
    std::string out = "start\tend\ttext\n";
    for (const Segment& segment : transcript.segments) {
        const std::string text = one_line(segment.text);  // tabs are gone, too
        if (text.empty()) continue;
        const int64_t start_ms = to_ms(segment.start_s);
        out += fmt::format("{}\t{}\t{}\n", start_ms, std::max(start_ms, to_ms(segment.end_s)), text);
    }
    return out;
}

}  // namespace ft
