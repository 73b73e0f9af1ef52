#pragma once
// The table of flags of `fast-transcribe FILE…`.
#include <string>
#include <vector>

#include "cli_options.h"
#include "flags.h"
#include "transcriber/options.h"

namespace ft {

/// What is gathered while parsing and made into options at the end, when all flags are known.
struct GatheredFlags {
    CommandOptions options;
    std::string device = "auto", compute_type = "auto";
    OptionsDraft draft;
    bool folder_given = false, formats_given = false, verbose = false, quiet = false;
};

/// Every flag, in the order of the help; they write to `gathered`, which must outlive them.
std::vector<Flag> all_flags(GatheredFlags& gathered);

/// Of them, those that say how and with which model is transcribed: `serve` has them too.
std::vector<Flag> engine_flags(GatheredFlags& gathered);

/// -o and -f; finish_output() makes of them what holds.
std::vector<Flag> output_file_flags(GatheredFlags& gathered);
void finish_output(GatheredFlags& gathered);

/// What --device cpu or cuda and --compute_type say; "auto" is what suits the device. Throws Error{invalid_argument}.
void set_compute_type(BackendOptions& backend, const std::string& device, const std::string& type);

/// The options of a transcription alone, as a job of any server has them.
std::vector<Flag> job_option_flags(GatheredFlags& gathered);

/// What engine_flags have gathered, made into gathered.options. Throws Error{invalid_argument}.
void finish_engine(GatheredFlags& gathered);
/// The same for who takes jobs: one may ask for the widest search, also where the default is greedy.
void finish_service_engine(GatheredFlags& gathered);

/// Throws Error{invalid_argument}: "--flag value: <what to give instead>".
[[noreturn]] void refuse(const std::string& flag, const std::string& value, const std::string& instead);

}  // namespace ft
