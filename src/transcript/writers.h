#pragma once
// Transcript → txt, srt, vtt, tsv, json, lrc, csv, aws (docs/formats.md, "Outputs"). Each is written once, here, for
// every front end.
#include <string>
#include <string_view>
#include <vector>

#include "transcript/transcript.h"

namespace ft {

/// Layout of subtitles; 0 means no limit. Names as in OpenAI's command line.
struct WriterOptions {
    int max_line_width = 0;
    int max_line_count = 0;
    bool highlight_words = false;
    int max_words_per_line = 0;  ///< only without max_line_width
};

/// The formats in the order in which `all` writes them.
const std::vector<std::string>& output_formats();
/// These, and behind them those that are written only when they are asked for by name. A job's result has them all.
const std::vector<std::string>& known_formats();
/// What follows the dot in a file's name: the format's own name, "aws.json" for Amazon's.
std::string file_extension(std::string_view format);

/// The file's whole content. Throws Error{invalid_argument} for an unknown format, listing the known ones.
std::string write_transcript(const Transcript& transcript, std::string_view format, const WriterOptions& options = {});

}  // namespace ft
