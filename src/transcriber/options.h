#pragma once
// The options of a transcription, once for the command line, for the options of a job and for what a result says of
// itself: names, ranges, how they are read from text and written to it.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transcriber/transcriber.h"

namespace ft {

/// Options while they are being read, one by one. All are optional, the last one given wins.
struct OptionsDraft {
    TranscribeOptions options;
    std::vector<float> temperatures = {0.0F};
    std::optional<double> temperature_step = 0.2;
    std::optional<bool> word_timestamps;
    bool beam_margin_given = false;  ///< else a beam_size that is given has none, as in other programs
};

struct TranscribeOption {
    enum class Kind { text, number, list, truth };

    std::string name;   ///< as users know it, with underscores
    char letter = 0;    ///< 'l' for -l on the command line; 0: none
    std::string value;  ///< what the help calls its value, "MS"; empty: a switch, True or False
    Kind kind = Kind::text;
    std::string group;  ///< heading in the help
    std::string help;
    /// Throws Error{invalid_argument}: "<name> <text>: <what it must be>".
    std::function<void(OptionsDraft&, const std::string& text)> read;
    /// As it may be read again; empty when there is nothing to say.
    std::function<std::string(const TranscribeOptions&)> write;
};

/// All, in the order of the help.
const std::vector<TranscribeOption>& transcribe_options();

/// Throws Error{invalid_argument}: as TranscribeOption::read, and for an unknown name with the nearest known one.
void read_option(OptionsDraft& draft, std::string_view name, const std::string& text);

/// From the first temperature upwards in steps, to 1, as OpenAI's command does; several temperatures are taken as they
/// are.
TranscribeOptions finish_options(const OptionsDraft& draft);

/// The options that can change the text, as they would be written on the command line: what a result says of itself,
/// and what makes two runs comparable. Those of a detector that is off are left out.
std::vector<std::pair<std::string, std::string>> options_text(const TranscribeOptions& options);

}  // namespace ft
