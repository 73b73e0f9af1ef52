#include "command.h"

#include <CLI/CLI.hpp>
#include <new>

#include "base/error.h"
#include "progress.h"
#include "transcribe_command.h"

namespace ft {

namespace {

void add_doctor_command(CLI::App& app, const Environment& environment, int& exit_code) {
    struct Options {
        bool json = false;
        std::string model_dir;
    };
    auto options = std::make_shared<Options>();
    CLI::App* doctor =
        app.add_subcommand("doctor", "what this machine can do, what is missing, and what to do about it");
    doctor->add_flag("--json", options->json, "for programs");
    doctor->add_option("--model_dir,--model-dir", options->model_dir, "where models are kept");
    doctor->callback([&environment, &exit_code, options] {
        const std::vector<Finding> findings = examine(environment.doctor_facts(options->model_dir));
        environment.out << (options->json ? findings_json(findings) : findings_text(findings)) << std::flush;
        exit_code = any_failure(findings) ? exit_input_failed : exit_done;
    });
}

/// doctor, model and webhook: commands with arguments of their own, read by CLI11.
int run_subcommand(const std::vector<std::string>& arguments, const Environment& environment) {
    int exit_code = exit_done;
    CLI::App app("fast-transcribe: Swedish speech to text", "fast-transcribe");
    app.require_subcommand(1);
    add_doctor_command(app, environment, exit_code);
    environment.add_model_command(app, exit_code);
    environment.add_webhook_command(app, exit_code);
    environment.set_log(Verbosity::normal);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the back
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {  // --help
            app.exit(error, environment.out, environment.err);
            return exit_done;
        }
        print_failure(environment.err,
                      std::string(error.what()) + "; see fast-transcribe " + arguments.front() + " --help");
        return exit_wrong_usage;
    }
    return exit_code;
}

int run_transcribe(const std::vector<std::string>& arguments, const Environment& environment) {
    const CommandOptions options = parse_command_line(arguments);
    if (options.help) {
        environment.out << command_help() << std::flush;
        return exit_done;
    }
    if (options.version) {
        environment.out << "fast-transcribe " FT_VERSION << std::endl;
        return exit_done;
    }
    environment.set_log(options.verbosity);
    return transcribe_files(options, environment);
}

int run_checked(std::vector<std::string> arguments, const Environment& environment) {
    const std::string first = arguments.empty() ? "" : arguments.front();
    if (first == "doctor" || first == "model" || first == "webhook") return run_subcommand(arguments, environment);
    for (const auto& [name, run] : {std::pair("serve", &environment.serve), std::pair("submit", &environment.submit),
                                    std::pair("jobs", &environment.jobs), std::pair("worker", &environment.worker)}) {
        if (first == name) return (*run)({arguments.begin() + 1, arguments.end()});
    }
    if (first == "help") arguments = {"--help"};
    if (first == "transcribe") arguments.erase(arguments.begin());
    return run_transcribe(arguments, environment);
}

}  // namespace

void print_failure(std::ostream& err, const std::string& sentence) {
    err << "fast-transcribe: " << printable(sentence) << std::endl;
}

int run_command(const std::vector<std::string>& arguments, const Environment& environment) {
    try {
        return run_checked(arguments, environment);
    } catch (const Error& error) {
        const bool usage = error.code() == ErrorCode::invalid_argument;
        print_failure(environment.err,
                      std::string(error.what()) + (usage ? " (fast-transcribe --help lists the flags)" : ""));
        return usage ? exit_wrong_usage : exit_input_failed;
    } catch (const std::bad_alloc&) {
        print_failure(environment.err, "out of memory; a smaller --batch_size or model needs less");
    } catch (const std::exception& error) {
        print_failure(environment.err, std::string("something unexpected went wrong: ") + error.what());
    }
    return exit_input_failed;
}

}  // namespace ft
