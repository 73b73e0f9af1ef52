#pragma once
// One function a format; only writers.cpp calls them. Content and escaping: docs/formats.md, "Outputs".
#include <string>

#include "transcript/transcript.h"
#include "transcript/writers.h"

namespace ft {

std::string write_txt(const Transcript& transcript, const WriterOptions& options);
std::string write_vtt(const Transcript& transcript, const WriterOptions& options);
std::string write_srt(const Transcript& transcript, const WriterOptions& options);
std::string write_tsv(const Transcript& transcript, const WriterOptions& options);
std::string write_json(const Transcript& transcript, const WriterOptions& options);

}  // namespace ft
