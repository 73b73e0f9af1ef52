#pragma once
// The whole command behind main: arguments in, exit code out, everything that differs in tests handed in.
#include <ctime>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "cli_options.h"
#include "doctor.h"
#include "interruption.h"

namespace CLI {
class App;
}

namespace ft {

enum ExitCode { exit_done = 0, exit_input_failed = 1, exit_wrong_usage = 2 };

/// A sentence for the user about what is being done, e.g. "whisper-base is used for the first time; preparing it …".
using Notice = std::function<void(const std::string&)>;

/// Transcribes one file: as Transcriber::transcribe, with the detector's file and the model's provenance filled in.
using TranscribeFunction = std::function<Transcript(const std::string& audio, const TranscribeOptions&,
                                                    const ProgressFunction&, const std::atomic<bool>* stop)>;

/// Finds, prepares and loads what the options ask for. Throws Error.
using MakeEngine = std::function<TranscribeFunction(const EngineOptions&, const Notice&)>;

struct Environment {
    std::ostream& out;  ///< names of results, and what doctor, model, webhook and --help print
    std::ostream& err;  ///< everything else
    bool stdin_is_terminal = false, err_is_terminal = false;
    int err_width = 80;
    std::function<double()> now_s;  ///< a clock that never goes back
    std::function<std::tm()> local_time;
    Interruption& interruption;
    bool catch_signals = false;
    std::function<void(Verbosity)> set_log;
    MakeEngine make_engine;
    std::function<DoctorFacts(const std::filesystem::path& model_dir)> doctor_facts;
    /// Add `model …` and `webhook …`; their callbacks set the exit code.
    std::function<void(CLI::App&, int&exit_code)> add_model_command, add_webhook_command;
    /// `serve …`, `submit …`, `jobs …` and `worker …` with these arguments; -> the exit code. Throw Error.
    std::function<int(const std::vector<std::string>&arguments)> serve = {}, submit = {}, jobs = {}, worker = {};
};

/// `arguments` without the program's name. Returns the process's exit code; throws nothing.
int run_command(const std::vector<std::string>& arguments, const Environment& environment);

/// Prints "fast-transcribe: <sentence>" on one line, whatever is in the sentence.
void print_failure(std::ostream& err, const std::string& sentence);

}  // namespace ft
