#pragma once
// fast-transcribe submit: files become jobs of a server, and with --wait their transcripts come back.
#include <ctime>
#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "interruption.h"

namespace ft {

/// What the commands over the API share.
struct ApiCommandParts {
    std::istream& in;
    std::ostream& out;  ///< ids, names of results, what was asked for
    std::ostream& err;
    bool stdin_is_terminal = false, err_is_terminal = false;
    int err_width = 80;
    std::function<std::string(const char* name)> variable;  ///< of the environment; empty when unset
    std::function<std::tm()> local_time;
    const Clock& clock;
    Interruption& interruption;
    bool catch_signals = false;
    int64_t poll_ms = 500;            ///< between two looks at a job
    int64_t cloud_poll_ms = 3000;     ///< likewise, where each look is a request to pay for
    int64_t patience_ms = 60000;      ///< with a server that does not answer any more
    int64_t longest_wait_ms = 60000;  ///< before another try, whatever the server asks for
};

/// Returns the exit code. Throws Error{invalid_argument} for wrong usage, Error for what concerns all files.
int submit(const std::vector<std::string>& arguments, const ApiCommandParts& parts);

}  // namespace ft
