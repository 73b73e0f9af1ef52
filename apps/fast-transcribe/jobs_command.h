#pragma once
// fast-transcribe jobs list|show|result|cancel|retry|deliveries|replay: a server's jobs.
#include <string>
#include <vector>

#include "submit_command.h"

namespace ft {

/// Returns the exit code: 1 when the server refused something. Throws Error{invalid_argument} for wrong usage, Error
/// when the server does not answer.
int jobs(const std::vector<std::string>& arguments, const ApiCommandParts& parts);

}  // namespace ft
