// The command: chooses the implementations and runs; the work is in command.cpp and below.
#include <malloc.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "base/log.h"
#include "base/start_timeline.h"
#include "command.h"
#include "doctor_facts.h"
#include "engine.h"
#include "jobs_command.h"
#include "model_command.h"
#include "net/resolver.h"
#include "serve_command.h"
#include "submit_command.h"
#include "webhook_command.h"
#include "worker_command.h"

namespace {

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::tm local_time_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts = {};
    ::localtime_r(&now, &parts);
    return parts;
}

int terminal_width(int descriptor) {
    winsize size = {};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// Whether a line can be redrawn on standard error.
bool can_redraw() {
    const char* const term = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

/// What is large comes and goes with every window, while the text in between stays. Once the first such block is freed,
/// glibc by default cuts the next ones out of the common heap, and the text left in the holes makes it grow by some 8
/// MB with every minute of audio. Blocks of their own are given back. A log-mel spectrogram has just under 1 MB.
void keep_large_blocks_apart() {
#ifdef M_MMAP_THRESHOLD
    ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}

}  // namespace

int main(int argc, char** argv) {
    ft::start_timeline().reached("main");
    keep_large_blocks_apart();
    // A reader of our output that goes away must not end a run whose results are files.
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error like a full disk
    ft::Interruption interruption;
    const ft::SystemClock clock;
    const ft::WebhookCommandParts webhook{
        .in = std::cin,
        .out = std::cout,
        .err = std::cerr,
        .variable = variable,
        .clock = clock,
        .interruption = interruption,
        .catch_signals = true,
    };
    const ft::ServeParts serving{
        .out = std::cout,
        .err = std::cerr,
        .variable = variable,
        .clock = clock,
        .interruption = interruption,
        .catch_signals = true,
        .set_log = ft::set_up_log,
        .load_engine = ft::load_engine,
        .resolver = ft::resolve_by_system,
    };
    const ft::WorkerCommandParts working{
        .out = std::cout,
        .variable = variable,
        .clock = clock,
        .interruption = interruption,
        .catch_signals = true,
        .set_log = ft::set_up_log,
        .load_engine = ft::load_engine,
        .resolver = ft::resolve_by_system,
        .has_gpu = ft::system_has_gpu,
        .end_process = [](int exit_code) { ::_exit(exit_code); },
    };
    const ft::ApiCommandParts api{
        .in = std::cin,
        .out = std::cout,
        .err = std::cerr,
        .stdin_is_terminal = ::isatty(STDIN_FILENO) == 1,
        .err_is_terminal = can_redraw(),
        .err_width = terminal_width(STDERR_FILENO),
        .variable = variable,
        .local_time = local_time_now,
        .clock = clock,
        .interruption = interruption,
        .catch_signals = true,
    };
    const ft::Environment environment{
        .out = std::cout,
        .err = std::cerr,
        .stdin_is_terminal = ::isatty(STDIN_FILENO) == 1,
        .err_is_terminal = can_redraw(),
        .err_width = terminal_width(STDERR_FILENO),
        .now_s = seconds_now,
        .local_time = local_time_now,
        .interruption = interruption,
        .catch_signals = true,
        .set_log = ft::set_up_log,
        .make_engine = ft::make_engine_factory(),
        .doctor_facts = ft::gather_facts,
        .add_model_command = ft::add_model_command,
        .add_webhook_command = [&webhook](CLI::App& app,
                                          int& exit_code) { ft::add_webhook_command(app, webhook, exit_code); },
        .serve = [&serving](const std::vector<std::string>& arguments) { return ft::serve(arguments, serving); },
        .submit = [&api](const std::vector<std::string>& arguments) { return ft::submit(arguments, api); },
        .jobs = [&api](const std::vector<std::string>& arguments) { return ft::jobs(arguments, api); },
        .worker = [&working](const std::vector<std::string>& arguments) { return ft::work(arguments, working); },
    };
    return ft::run_command({argv + 1, argv + argc}, environment);
}
