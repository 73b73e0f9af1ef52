#pragma once
// Options as a JSON object, under the command line's names: {"language": "sv", "chunk_length": 20, "vad_filter":
// false}.
#include <string>
#include <string_view>

#include "transcriber/options.h"

namespace ft {

/// Values are strings as on the command line, numbers, true and false, null for None, and lists of numbers. Empty text
/// is an empty object. Throws Error{invalid_argument}: no JSON object, an unknown option, one that is given twice, a
/// value out of range.
void read_options_json(OptionsDraft& draft, std::string_view json);

/// options_text() as an object that is read again.
std::string write_options_json(const TranscribeOptions& options);

}  // namespace ft
