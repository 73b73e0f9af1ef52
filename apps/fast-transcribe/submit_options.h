#pragma once
// What `fast-transcribe submit` was asked to do, read from its arguments.
#include <filesystem>
#include <string>
#include <vector>

#include "api_access.h"
#include "cli_options.h"
#include "upload_form.h"

namespace ft {

struct SubmitOptions {
    std::vector<std::string> audio;  ///< files, "-" for standard input, addresses that the server fetches
    ApiAccessFlags access;
    FormFields fields;  ///< of every job, but for the callback
    std::string callback_url;
    std::vector<std::string> callback_types;
    std::filesystem::path callback_secret_file;
    bool wait = false;
    OutputOptions output;  ///< with `wait`
    Verbosity verbosity = Verbosity::normal;
    bool help = false;
};

/// Throws Error{invalid_argument}: one sentence with the flag, the value and what to give instead. Looks at no file.
SubmitOptions parse_submit_arguments(const std::vector<std::string>& arguments);

/// The whole text of `submit --help`.
std::string submit_help();

}  // namespace ft
