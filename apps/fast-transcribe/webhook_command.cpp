#include "webhook_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/unique_fd.h"
#include "command.h"
#include "jobs/events.h"
#include "webhook_listener.h"
#include "webhook_message.h"

namespace ft {

namespace {

constexpr const char* kSecretVariable = "FAST_TRANSCRIBE_WEBHOOK_SECRET";
constexpr size_t kLongestMessage = size_t{16} << 20;
constexpr int kDefaultPort = 8787;

struct WebhookCommandOptions {
    std::string message = "-", headers, secret_file, output;
    bool any_age = false;
    int port = kDefaultPort, status = 204, count = 0;
};

/// Never from the arguments, which every user of the machine can read.
std::vector<WebhookSecret> read_secrets(const WebhookCommandOptions& options, const WebhookCommandParts& parts) {
    if (!options.secret_file.empty())
        return parse_webhook_secrets(read_file(options.secret_file, size_t{64} << 10), options.secret_file);
    const std::string text = parts.variable(kSecretVariable);
    if (text.empty())
        throw Error(ErrorCode::invalid_argument,
                    "which secret? Give its file with --secret_file, or set {}; fast-transcribe webhook secret makes "
                    "one",
                    kSecretVariable);
    return parse_webhook_secrets(text, kSecretVariable);
}

std::string read_input(const std::string& name, std::istream& in) {
    if (name != "-") return read_file(name, kLongestMessage);
    std::string text;
    char buffer[65536];
    while (in.read(buffer, sizeof buffer), in.gcount() > 0) {
        text.append(buffer, static_cast<size_t>(in.gcount()));
        if (text.size() > kLongestMessage)
            throw Error(ErrorCode::invalid_argument, "standard input holds more than the {} bytes of any webhook",
                        kLongestMessage);
    }
    return text;
}

ReceivedWebhook read_message(const WebhookCommandOptions& options, const std::string& text, const std::string& origin) {
    if (options.headers.empty()) return parse_received(text, origin);
    return {parse_received_headers(read_file(options.headers, kLongestMessage), options.headers), text};
}

/// Why the message is not to be believed; empty when it is.
std::string doubt_of(const ReceivedWebhook& message, const std::string& origin,
                     const std::vector<WebhookSecret>& secrets, int64_t now_s, int64_t tolerance_s) {
    const WebhookVerdict verdict = verify_webhook(secrets, message.headers, message.body, now_s, tolerance_s);
    return verdict == WebhookVerdict::valid ? "" : origin + ": " + std::string(describe(verdict));
}

void verify(const WebhookCommandOptions& options, const WebhookCommandParts& parts, int& exit_code) {
    const std::vector<WebhookSecret> secrets = read_secrets(options, parts);
    const std::string text = read_input(options.message, parts.in);
    const std::string origin = options.message == "-" ? "standard input" : options.message;
    std::string doubt;
    ReceivedWebhook message;
    try {
        message = read_message(options, text, origin);
        doubt = doubt_of(message, origin, secrets, parts.clock.wall_ms() / 1000,
                         options.any_age ? -1 : webhook_tolerance_s);
    } catch (const Error& error) {
        doubt = error.what();  // what was given is at fault, not how the command was called
    }
    if (doubt.empty()) {
        parts.out << summary_of(message) << ": " << describe(WebhookVerdict::valid) << std::endl;
        return;
    }
    print_failure(parts.err, doubt);
    exit_code = exit_input_failed;
}

void listen(const WebhookCommandOptions& options, const WebhookCommandParts& parts) {
    const std::vector<WebhookSecret> secrets = read_secrets(options, parts);
    std::set<std::string> seen;
    // Shared, because a signal may come after the last message.
    const auto listener = std::make_shared<WebhookListener>(options.port, [&](const ReceivedWebhook& message) {
        const WebhookVerdict verdict =
            verify_webhook(secrets, message.headers, message.body, parts.clock.wall_ms() / 1000);
        const bool valid = verdict == WebhookVerdict::valid;
        const bool again = valid && !seen.insert(message.headers.id).second;
        // As a receiver should: nothing is done for a stranger.
        const int status = valid ? options.status : 401;
        parts.out << fmt::format("{} {}: {}{}; answered {}", iso_time(parts.clock.wall_ms()), summary_of(message),
                                 describe(verdict), again ? " (it has come before)" : "", status)
                  << std::endl;
        return status;
    });
    if (parts.catch_signals) parts.interruption.catch_signals([listener] { listener->stop(); });
    parts.out << "listening on http://127.0.0.1:" << listener->port() << "/ (Ctrl-C ends it)" << std::endl;
    listener->run(options.count);
}

void make_secret(const WebhookCommandOptions& options, const WebhookCommandParts& parts) {
    const std::string line = WebhookSecret::make().reveal() + "\n";
    if (options.output.empty()) {
        parts.out << line << std::flush;
        return;
    }
    // A secret that is in use must not be lost, nor a new one be readable for others even for a moment.
    const UniqueFd file(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file && errno == EEXIST)
        throw Error(ErrorCode::invalid_argument, "{}: is there already; add a line to it to change secrets",
                    options.output);
    if (!file || ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        ::fsync(file.get()) != 0) {
        throw Error(code_of_errno(errno), "{}: cannot be written: {}", options.output, std::strerror(errno));
    }
}

void add_secret_option(CLI::App& command, WebhookCommandOptions& options) {
    command.add_option("--secret_file,--secret-file", options.secret_file,
                       std::string("file with the secret, or two, a line each; else ") + kSecretVariable);
}

}  // namespace

void add_webhook_command(CLI::App& app, const WebhookCommandParts& parts, int& exit_code) {
    CLI::App* webhook = app.add_subcommand("webhook", "for those who build a receiver: check messages, make secrets");
    webhook->require_subcommand(1);
    const auto options = std::make_shared<WebhookCommandOptions>();

    CLI::App* verifying = webhook->add_subcommand("verify", "check the signature and the age of a message");
    verifying->add_option("message", options->message,
                          "headers, an empty line, the body; - (and none) for standard input");
    verifying->add_option("--headers", options->headers, "file with the headers; the message is then the body alone");
    verifying->add_flag("--any_age,--any-age", options->any_age, "messages older than 5 minutes, too");
    add_secret_option(*verifying, *options);
    verifying->callback([parts, options, &exit_code] { verify(*options, parts, exit_code); });

    CLI::App* listening = webhook->add_subcommand("listen", "receive messages on 127.0.0.1 and show them");
    listening->add_option("--port", options->port, "0: any that is free")
        ->check(CLI::Range(0, 65535))
        ->capture_default_str();
    listening->add_option("--status", options->status, "what is answered to messages whose signature holds")
        ->check(CLI::Range(200, 599))
        ->capture_default_str();
    listening->add_option("--count", options->count, "end after so many messages; 0: go on")
        ->check(CLI::NonNegativeNumber);
    add_secret_option(*listening, *options);
    listening->callback([parts, options, &exit_code] {
        listen(*options, parts);
        if (parts.interruption.exit_code() != 0) exit_code = parts.interruption.exit_code();
    });

    CLI::App* secret = webhook->add_subcommand("secret", "make a secret from the system's randomness");
    secret->add_option("-o,--output", options->output, "file that only you can read; must not be there yet");
    secret->callback([parts, options] { make_secret(*options, parts); });
}

}  // namespace ft
