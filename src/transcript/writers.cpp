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
    {"txt", write_txt}, {"vtt", write_vtt}, {"srt", write_srt}, {"tsv", write_tsv}, {"json", write_json},
};
constexpr Format further_formats[] = {{"lrc", write_lrc}, {"csv", write_csv}, {"aws", write_aws}};

std::vector<std::string> names_of(std::span<const Format> of) {
    std::vector<std::string> names;
    for (const Format& format : of) names.emplace_back(format.name);
    return names;
}

}  // namespace

const std::vector<std::string>& output_formats() {
    static const std::vector<std::string> names = names_of(formats);
    return names;
}

const std::vector<std::string>& further_output_formats() {
    static const std::vector<std::string> names = names_of(further_formats);
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
    for (const std::span<const Format> some :
         {std::span<const Format>(formats), std::span<const Format>(further_formats)}) {
        for (const Format& known : some) {
            if (format == known.name) return known.write(transcript, options);
        }
    }
    throw Error(ErrorCode::invalid_argument, "\"{}\" is not an output format; there are {}, {}", format,
                fmt::join(output_formats(), ", "), fmt::join(further_output_formats(), ", "));
}

}  // namespace ft
