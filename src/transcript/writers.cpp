#include "transcript/writers.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "base/error.h"
#include "transcript/writers/formats.h"

namespace ft {
namespace {

struct Format {
    const char* name;
    std::string (*write)(const Transcript&, const WriterOptions&);
};

constexpr Format formats[] = {
    {"txt", write_txt},   {"vtt", write_vtt}, {"srt", write_srt}, {"tsv", write_tsv},
    {"json", write_json}, {"lrc", write_lrc}, {"csv", write_csv}, {"aws", write_aws},
};
constexpr size_t formats_of_all = 5;

std::vector<std::string> names_of(std::span<const Format> of) {
    std::vector<std::string> names;
    for (const Format& format : of) names.emplace_back(format.name);
    return names;
}

}  // namespace

const std::vector<std::string>& output_formats() {
    static const std::vector<std::string> names = names_of(std::span(formats).first(formats_of_all));
    return names;
}

const std::vector<std::string>& known_formats() {
    static const std::vector<std::string> names = names_of(formats);
    return names;
}

std::string file_extension(std::string_view format) {
    return format == "aws" ? "aws.json" : std::string(format);
}

bool has_channels(const Transcript& transcript) {
    return std::any_of(transcript.segments.begin(), transcript.segments.end(),
                       [](const Segment& segment) { return segment.channel > 0; });
}

std::string channel_label(int channel) {
    return channel > 0 ? fmt::format("[channel {}] ", channel) : "";
}

std::string write_transcript(const Transcript& transcript, std::string_view format, const WriterOptions& options) {
    for (const Format& known : formats) {
        if (format == known.name) return known.write(transcript, options);
    }
    throw Error(ErrorCode::invalid_argument, "\"{}\" is not an output format; there are {}", format,
                fmt::join(known_formats(), ", "));
}

}  // namespace ft
