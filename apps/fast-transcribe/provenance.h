#pragma once
// How a result says what made it.
#include <string>

#include "transcriber/transcriber.h"
#include "transcript/transcript.h"

namespace ft {

/// Adds what the transcript does not say yet; what it says stays.
void add_metadata(Transcript& transcript, const std::string& key, const std::string& value);

/// The options that can change the text, under "options.<flag's name>", as they would be written on the command line.
void add_options(Transcript& transcript, const TranscribeOptions& options);

}  // namespace ft
