#include "submit_options.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/user_input.h"
#include "cli_flags.h"
#include "jobs/events.h"

namespace ft {

namespace {

struct GatheredSubmit {
    SubmitOptions options;
    GatheredFlags common;
};

/// "completed" and "transcription.completed" are the same.
std::vector<std::string> event_types(const std::string& list) {
    std::vector<std::string> types;
    for (std::string type : split_list(list)) {
        if (!type.starts_with("transcription.")) type = "transcription." + type;
        if (std::find(std::begin(all_event_types), std::end(all_event_types), type) == std::end(all_event_types))
            throw Error(
                ErrorCode::invalid_argument,
                "--callback_types {}: choose from queued, started, progress, completed, failed, dead, cancelled", list);
        types.push_back(type);
    }
    return types;
}

std::string checked_json(const std::string& text) {
    if (!nlohmann::json::accept(text))
        throw Error(ErrorCode::invalid_argument, "--metadata {}: is no JSON; give e.g. '{{\"case\": 17}}'",
                    text.substr(0, 100));
    return text;
}

std::vector<Flag> job_flags(SubmitOptions& o) {
    const char* const group = "Job";
    return {
        {"wait", 0, "", group, "stay until the jobs have ended, and write the transcripts here",
         [&o](const std::string& text) { o.wait = text == "true"; }},
        {"callback", 0, "URL", group, "the server tells this address how the job ended (docs/webhooks.md)",
         [&o](const std::string& text) { o.callback_url = text; }},
        {"callback_secret_file", 0, "FILE", group,
         "signs these messages; fast-transcribe webhook secret makes one (default: the server's own)",
         [&o](const std::string& text) { o.callback_secret_file = text; }},
        {"callback_types", 0, "LIST", group,
         "of queued, started, progress, completed, failed, dead, cancelled (default: the four that end a job)",
         [&o](const std::string& text) { o.callback_types = event_types(text); }},
        {"metadata", 0, "JSON", group, "kept with the job and given back in messages",
         [&o](const std::string& text) { o.fields.emplace_back("metadata", checked_json(text)); }},
    };
}

/// As the local command's, but for the server to use: checked here, sent as they were written.
std::vector<Flag> sent_flags(GatheredSubmit& g) {
    std::vector<Flag> flags = job_option_flags(g.common);
    for (Flag& flag : flags) {
        flag.apply = [&g, name = flag.name, check = flag.apply](const std::string& text) {
            check(text);
            FormFields& fields = g.options.fields;
            std::erase_if(fields, [&name](const auto& field) { return field.first == name; });
            fields.emplace_back(name, text);
        };
    }
    return flags;
}

std::vector<Flag> all_submit_flags(GatheredSubmit& g) {
    std::vector<Flag> flags = api_access_flags(g.options.access);
    const auto add = [&flags](std::vector<Flag> more) {
        std::move(more.begin(), more.end(), std::back_inserter(flags));
    };
    add(job_flags(g.options));
    add(output_file_flags(g.common));
    add({{"quiet", 'q', "", "Output", "nothing on standard error but failures",
          [&g](const std::string& text) { g.common.quiet = text == "true"; }}});
    add(sent_flags(g));
    add({{"help", 'h', "", "Other", "this text", [&g](const std::string& text) { g.options.help = text == "true"; }}});
    return flags;
}

}  // namespace

SubmitOptions parse_submit_arguments(const std::vector<std::string>& arguments) {
    GatheredSubmit g;
    SubmitOptions& options = g.options;
    options.audio = parse_flags(arguments, all_submit_flags(g));
    if (options.help) return options;
    if (options.audio.empty())
        throw Error(ErrorCode::invalid_argument,
                    "submit: no audio file was given; try: fast-transcribe submit talk.mp3");
    if (std::count(options.audio.begin(), options.audio.end(), "-") > 1)
        throw Error(ErrorCode::invalid_argument, "-: standard input can be read once only; give it once");
    if (std::count(options.audio.begin(), options.audio.end(), "") > 0)
        throw Error(ErrorCode::invalid_argument,
                    "one of the file names is empty; is a variable of the script not set?");
    if ((g.common.folder_given || g.common.formats_given) && !options.wait)
        throw Error(ErrorCode::invalid_argument, "-o and -f: transcripts are written with --wait only; give it too");
    if (options.callback_url.empty() && (!options.callback_types.empty() || !options.callback_secret_file.empty()))
        throw Error(ErrorCode::invalid_argument, "--callback_types and --callback_secret_file: go with --callback URL");
    finish_output(g.common);
    options.output = g.common.options.output;
    if (g.common.quiet) options.verbosity = Verbosity::quiet;
    return options;
}

std::string submit_help() {
    GatheredSubmit g;
    return "fast-transcribe submit: recordings become jobs of a server (fast-transcribe serve), or with --cloud of a\n"
           "stack on AWS\n\n"
           "  fast-transcribe submit [flags] FILE…    files, - for standard input, or https:// addresses that the\n"
           "                                          server fetches (with --cloud: files only)\n\n"
           "Without --wait, a line for each job goes to standard output: its id and the file's name;\n"
           "fast-transcribe jobs shows how they are. With --wait the transcripts are written here, as fast-transcribe "
           "FILE… does it.\n"
           "Options of decoding that are not given have the server's defaults.\n" +
           flags_help(all_submit_flags(g)) +
           "\nExamples:\n"
           "  fast-transcribe submit --wait -f srt talk.mp3\n"
           "  fast-transcribe submit --cloud --wait talk.mp3\n"
           "  fast-transcribe submit --server https://asr.example.org --api_key_file key.txt *.mp3\n"
           "\nExit codes: 0 all done; 1 some input failed; 2 wrong usage; 130 interrupted with Ctrl-C (jobs that\n"
           "are made go on).\n";
}

}  // namespace ft
