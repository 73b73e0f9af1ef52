#pragma once
// The table of flags of `fast-transcribe FILE…`.
#include <optional>
#include <string>
#include <vector>

#include "cli_options.h"
#include "flags.h"

namespace ft {

/// What is gathered while parsing and made into options at the end, when all flags are known.
struct GatheredFlags {
    CommandOptions options;
    std::string device = "auto", compute_type = "auto";
    double temperature = 0.0;
    std::optional<double> temperature_step = 0.2;
    std::optional<bool> word_timestamps;  ///< as given
    bool folder_given = false, formats_given = false, verbose = false, quiet = false;
};

/// Every flag, in the order of the help; they write to `gathered`, which must outlive them.
std::vector<Flag> all_flags(GatheredFlags& gathered);

/// Throws Error{invalid_argument}: "--flag value: <what to give instead>".
[[noreturn]] void refuse(const std::string& flag, const std::string& value, const std::string& instead);

}  // namespace ft
