#include "transcript/writers.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "transcript/writers/formats.h"

namespace ft {
namespace {

struct Format {
    const char* name;
    std::string (*write)(const Transcript&, const WriterOptions&);
};

constexpr Format formats[] = {
    {"txt", write_txt}, {"vtt", write_vtt}, {"srt", write_srt}, {"tsv", write_tsv}, {"json", write_json},
};

}  // namespace

const std::vector<std::string>& output_formats() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> list;
        for (const Format& format : formats) list.emplace_back(format.name);
        return list;
    }();
    return names;
}

std::string write_transcript(const Transcript& transcript, std::string_view format, const WriterOptions& options) {
    for (const Format& known : formats) {
        if (format == known.name) return known.write(transcript, options);
    }
    throw Error(ErrorCode::invalid_argument, "\"{}\" is not an output format; there are {}", format,
                fmt::join(output_formats(), ", "));
}

}  // namespace ft
