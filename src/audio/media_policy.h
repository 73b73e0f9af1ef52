#pragma once
// Which files are opened at all: plain recordings, never a list of other files. Decided before FFmpeg parses anything.
#include <string>
#include <string_view>

namespace ft {

/// The demuxers that may run, by any of the short names in FFmpeg's comma-separated `format_name`.
bool is_allowed_format(std::string_view format_name);

/// What the first bytes of a file are, when they are a list of, or a reference to, other files, e.g. "an HLS playlist";
/// empty for everything else.
std::string_view reference_kind(std::string_view first_bytes);

/// What a demuxer outside the allow-list is, for the sentence to the user, e.g. "a playlist or a script that refers to
/// other files (hls)" or "subtitles or text (srt)".
std::string describe_refused_format(std::string_view format_name);

/// True when the bytes could be a text file: helps to say why a file is no audio.
bool looks_like_text(std::string_view first_bytes);

}  // namespace ft
