#pragma once
// The one log: spdlog to stderr, plain lines; level set once by main. Transcripts and results never go here.
#include <spdlog/spdlog.h>

namespace ft {

enum class Verbosity { quiet, normal, verbose };

/// Called once by main before any thread starts.
void set_up_log(Verbosity verbosity);

}  // namespace ft
