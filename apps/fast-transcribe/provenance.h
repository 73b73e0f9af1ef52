#pragma once
// How a result says what made it.
#include <string>

#include "transcriber/transcriber.h"
#include "transcript/transcript.h"

namespace ft {

/// Adds what the transcript does not say yet; what it says stays.
void add_metadata(Transcript& transcript, const std::string& key, const std::string& value);

/// options_text(), under "options.<flag's name>".
void add_options(Transcript& transcript, const TranscribeOptions& options);

}  // namespace ft
