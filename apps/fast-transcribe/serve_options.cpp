#include "serve_options.h"

#include <iterator>

#include "base/error.h"
#include "base/user_input.h"
#include "cli_flags.h"
#include "flags.h"

namespace ft {

namespace {

struct GatheredServe {
    ServeOptions options;
    GatheredFlags engine;
    bool verbose = false, quiet = false;
};

template <typename Number>
Flag integer_flag(const char* name, const char* group, const char* help, int64_t min, int64_t max, Number& target) {
    return {name, 0, "N", group, help, [=, &target](const std::string& text) {
                target = static_cast<Number>(parse_integer("--" + std::string(name), text, min, max));
            }};
}

Flag number_flag(const char* name, const char* group, const char* help, double max, double& target) {
    return {
        name, 0,
        "N",  group,
        help, [=, &target](const std::string& text) {
                target = parse_number("--" + std::string(name), text, 0, max); }};
}

Flag path_flag(const char* name, const char* value, const char* group, const char* help,
               std::filesystem::path& target) {
    return {name, 0, value, group, help, [=, &target](const std::string& text) {
                if (text.empty()) throw Error(ErrorCode::invalid_argument, "--{}: needs a name", name);
                target = text;
            }};
}

std::vector<Flag> server_flags(ServeOptions& o) {
    const char* const group = "Server";
    return {
        {"host", 0, "HOST", group, "the address to listen at (default 127.0.0.1; others need --api_keys)",
         [&o](const std::string& text) { o.host = text; }},
        integer_flag("port", group, "0 takes any that is free; it is printed (default 8080)", 0, 65535, o.port),
        path_flag("data", "DIR", group,
                  "jobs, recordings and results; a local disk (default ~/.local/share/fast-transcribe/service)",
                  o.data),
        path_flag("api_keys", "FILE", group,
                  "who may ask: lines \"<SHA-256 of the key> <name>\" (default: everybody on this machine)",
                  o.api_keys),
        integer_flag("max_upload_mb", group, "longest recording, in MB (default 4096)", 1, 1 << 20,
                     o.longest_upload_mb),
        integer_flag("max_queue", group, "jobs that may wait for a worker; more are refused (default 200)", 1, 1000,
                     o.most_waiting),
        integer_flag("max_requests", group, "requests that a client may have under way (default 64)", 1, 1000,
                     o.most_at_once),
        integer_flag("http_threads", group, "connections that are answered at once (default 128)", 8, 900,
                     o.http_threads),
    };
}

std::vector<Flag> job_flags(ServeOptions& o) {
    const char* const group = "Jobs";
    return {
        integer_flag("workers", group, "recordings transcribed at once; they share one model (default 8)", 1, 64,
                     o.workers),
        number_flag("keep_days", group, "finished jobs and their files are deleted after that (default 30; 0: never)",
                    36500, o.keep_days),
        number_flag("model_idle_minutes", group, "unused for so long, the model is given back (default 15; 0: never)",
                    525600, o.model_idle_minutes),
        {"public_url", 0, "URL", group,
         "where clients reach this server, for links in webhooks (default: host and port)",
         [&o](const std::string& text) { o.public_url = text; }},
        path_flag("webhook_secret_file", "FILE", group,
                  "signs webhooks of jobs that bring no secret; fast-transcribe webhook secret makes one",
                  o.webhook_secret_file),
        {"allow_http", 0, "", group, "webhooks and audio by address may use http:// too",
         [&o](const std::string& text) { o.allow_http = text == "true"; }},
        {"allow_network", 0, "NET", group,
         "webhooks and audio may be in this network though it is not public, e.g. 10.0.0.0/8; may be repeated",
         [&o](const std::string& text) { o.allow_networks.push_back(parse_network(text)); }},
    };
}

std::vector<Flag> all_serve_flags(GatheredServe& g) {
    std::vector<Flag> flags = server_flags(g.options);
    const auto add = [&flags](std::vector<Flag> more) {
        std::move(more.begin(), more.end(), std::back_inserter(flags));
    };
    add(job_flags(g.options));
    add(engine_flags(g.engine));
    flags.push_back({"verbose", 0, "", "Other", "every request on standard error",
                     [&g](const std::string& text) { g.verbose = text == "true"; }});
    flags.push_back({"quiet", 'q', "", "Other", "nothing on standard error but failures",
                     [&g](const std::string& text) { g.quiet = text == "true"; }});
    flags.push_back(
        {"help", 'h', "", "Other", "this text", [&g](const std::string& text) { g.options.help = text == "true"; }});
    return flags;
}

}  // namespace

ServeOptions parse_serve_arguments(const std::vector<std::string>& arguments) {
    GatheredServe g;
    const std::vector<std::string> rest = parse_flags(arguments, all_serve_flags(g));
    if (g.options.help) return g.options;
    if (!rest.empty())
        throw Error(ErrorCode::invalid_argument, "serve takes flags only, not \"{}\"; recordings come over HTTP",
                    rest.front());
    if (g.quiet && g.verbose)
        throw Error(ErrorCode::invalid_argument, "--quiet and --verbose exclude each other; give one of them");
    g.options.verbosity = g.quiet ? Verbosity::quiet : g.verbose ? Verbosity::verbose : Verbosity::normal;
    finish_service_engine(g.engine);
    g.options.engine = g.engine.options.engine;
    g.options.defaults = g.engine.draft;
    return g.options;
}

std::string serve_help() {
    GatheredServe g;
    return "fast-transcribe serve: jobs and OpenAI's audio API over HTTP, on this machine\n\n"
           "  fast-transcribe serve [flags]\n\n"
           "docs/server.md describes the routes. Flags of decoding and speech detection are the defaults of jobs.\n"
           "SIGTERM and Ctrl-C end it: jobs under way keep their finished windows and go on at the next start; once "
           "more\n"
           "ends it at once.\n" +
           flags_help(all_serve_flags(g)) +
           "\nExamples:\n"
           "  fast-transcribe serve --model kb-whisper-medium\n"
           "  curl -F file=@talk.mp3 http://127.0.0.1:8080/jobs\n"
           "  curl -F file=@talk.mp3 -F model=whisper-1 http://127.0.0.1:8080/v1/audio/transcriptions\n";
}

std::filesystem::path default_data_folder(const std::function<std::string(const char*)>& variable) {
    if (const std::string home = variable("FAST_TRANSCRIBE_HOME"); !home.empty())
        return std::filesystem::path(home) / "service";
    if (const std::string data = variable("XDG_DATA_HOME"); !data.empty())
        return std::filesystem::path(data) / "fast-transcribe" / "service";
    const std::string home = variable("HOME");
    if (home.empty())
        throw Error(ErrorCode::invalid_argument, "--data: needs a folder, as neither it nor $HOME is given");
    return std::filesystem::path(home) / ".local" / "share" / "fast-transcribe" / "service";
}

}  // namespace ft
