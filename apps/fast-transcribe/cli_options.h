#pragma once
// What `fast-transcribe FILE…` was asked to do, read from its arguments.
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "tensor/backend.h"
#include "transcriber/transcriber.h"
#include "transcript/writers.h"

namespace ft {

/// Which model, and what computes it.
struct EngineOptions {
    std::string model;  ///< as the user wrote it; empty: the best that is there (choose_model)
    std::filesystem::path model_dir;
    BackendOptions backend;
    std::optional<BackendOptions> otherwise;  ///< used, and said, where the device of `backend` cannot be
    /// A file, the word "energy", or empty: where the model store has it.
    std::string vad_model;
    int batch_size = 0;  ///< windows decoded together; 0: what suits the device
    int width = 1;       ///< rows that a window takes: the widest() of the search
};

/// What computes where `gpu` cannot: exactly if that was asked for, else as fast as it goes.
BackendOptions cpu_instead_of(const BackendOptions& gpu);

/// Windows decoded together where nobody says how many: a GPU's memory is read once for all of them.
int default_batch_size(std::string_view backend);

struct OutputOptions {
    /// Neither -o nor -f was given: one transcription_<date>_<time>.txt in the current folder for each input.
    bool dated = true;
    std::filesystem::path folder = ".";
    std::vector<std::string> formats = {"txt"};  ///< names as in output_formats(), each once
    WriterOptions layout;
};

struct CommandOptions {
    std::vector<std::string> audio;  ///< as the user named them; "-": standard input
    EngineOptions engine;
    TranscribeOptions transcribe;
    OutputOptions output;
    Verbosity verbosity = Verbosity::normal;
    bool strict = false;                 ///< a file of which less became text counts as failed
    double min_coverage = 0.95;          ///< share of the detected speech; only with strict
    std::optional<bool> print_progress;  ///< not given: a bar on a terminal, now and then a line elsewhere
    bool help = false, version = false;
};

/// Throws Error{invalid_argument}: one sentence with the flag, the value and what to give instead. A flag that this
/// build does not know what to do with is an error too, never ignored. Does not look at any file.
CommandOptions parse_command_line(const std::vector<std::string>& arguments);

/// The whole text of --help.
std::string command_help();

}  // namespace ft
