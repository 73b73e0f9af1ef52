#pragma once
// One function a format; only writers.cpp calls them. Content and escaping: docs/formats.md, "Outputs".
#include <string>

#include "transcript/transcript.h"
#include "transcript/writers.h"

namespace ft {

/// Whether channels were transcribed one by one: then formats tell of whom a segment is.
bool has_channels(const Transcript& transcript);
/// "[channel 1] ", or "" for 0: all channels in one.
std::string channel_label(int channel);

std::string write_txt(const Transcript& transcript, const WriterOptions& options);
std::string write_vtt(const Transcript& transcript, const WriterOptions& options);
std::string write_srt(const Transcript& transcript, const WriterOptions& options);
std::string write_tsv(const Transcript& transcript, const WriterOptions& options);
std::string write_json(const Transcript& transcript, const WriterOptions& options);
std::string write_lrc(const Transcript& transcript, const WriterOptions& options);
std::string write_csv(const Transcript& transcript, const WriterOptions& options);
std::string write_aws(const Transcript& transcript, const WriterOptions& options);

}  // namespace ft
