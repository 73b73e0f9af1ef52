#pragma once
// The options of a transcription as text: what a result says of itself, and what makes two runs comparable.
#include <string>
#include <utility>
#include <vector>

#include "transcriber/transcriber.h"

namespace ft {

/// The options that can change the text, under their flags' names, as they would be written on the command line. Empty
/// ones are left out, and so is vad_model, which is a path.
std::vector<std::pair<std::string, std::string>> options_text(const TranscribeOptions& options);

}  // namespace ft
