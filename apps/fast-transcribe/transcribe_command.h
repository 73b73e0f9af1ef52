#pragma once
// `fast-transcribe FILE…`: each input in turn; a failure is one line and the others go on.
#include "command.h"

namespace ft {

/// Returns the exit code: 0 all done, 1 some input failed, 128 + signal when interrupted. Throws Error for what
/// concerns all inputs alike: a model that is not there, a folder that cannot be written to.
int transcribe_files(const CommandOptions& options, const Environment& environment);

/// The line after a file: length, speed, how much of the speech became text.
std::string summary(const std::string& name, const Transcript& transcript, double elapsed_s);

}  // namespace ft
