#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"

namespace ft {

std::string write_txt(const Transcript& transcript, const WriterOptions&) {
    std::string out;
    for (const Segment& segment : transcript.segments) {
        const std::string text = one_line(segment.text);
        if (!text.empty()) out += channel_label(segment.channel) + text + '\n';
    }
    return out;
}

}  // namespace ft
