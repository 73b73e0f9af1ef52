#include "worker_options.h"

#include <iterator>

#include "base/error.h"
#include "base/user_input.h"
#include "cli_flags.h"
#include "flags.h"
#include "jobs/job.h"

namespace ft {

namespace {

struct GatheredWorker {
    WorkerCommandOptions options;
    GatheredFlags engine;
};

/// One setting: a flag, and the variable of the environment that has the same meaning.
struct Setting {
    const char* flag;
    const char* variable;  ///< empty: a flag only
    const char* value;
    const char* group;
    const char* help;
    /// `name`: as the user gave it, for messages.
    std::function<void(const std::string& name, const std::string& text)> apply;
};

template <typename Choice>
Choice choose(const std::string& name, const std::string& text,
              const std::vector<std::pair<std::string, Choice>>& choices) {
    std::string known;
    for (const auto& [word, choice] : choices) {
        if (word == text) return choice;
        known += (known.empty() ? "" : ", ") + word;
    }
    throw Error(ErrorCode::invalid_argument, "{} {}: must be one of {}", name, text, known);
}

auto text_into(std::string& target) {
    return [&target](const std::string& name, const std::string& text) {
        if (text.empty()) throw Error(ErrorCode::invalid_argument, "{}: needs a name", name);
        target = text;
    };
}

std::vector<Setting> place_settings(WorkerCommandOptions& o) {
    const char* const group = "Jobs";
    return {
        {"bucket", "FT_BUCKET", "NAME", group, "the bucket with recordings, checkpoints and results",
         text_into(o.bucket)},
        {"table", "FT_TABLE", "NAME", group, "the table of jobs (default transcription-jobs)", text_into(o.table)},
        {"job_id", "", "ID", group, "the job to begin with (default: the instance's tag JobId, else any)",
         [&o](const std::string& name, const std::string& text) {
             if (!is_job_id(text)) throw Error(ErrorCode::invalid_argument, "{} {}: is no job's id", name, text);
             o.job_id = text;
         }},
        {"launch_seq", "", "N", group, "which launch of that job this is (default: the tag LaunchSeq)",
         [&o](const std::string& name, const std::string& text) {
             o.launch_seq = static_cast<int>(parse_integer(name, text, 0, 1000000));
         }},
        {"workers", "FT_WORKERS", "N", group, "recordings at once; they share one model (default 2)",
         [&o](const std::string& name, const std::string& text) {
             o.workers = static_cast<int>(parse_integer(name, text, 1, 64));
         }},
        {"scratch", "FT_SCRATCH", "DIR", group, "for downloads (default: the system's temporary folder)",
         [&o](const std::string&, const std::string& text) { o.scratch = text; }},
    };
}

std::vector<Setting> machine_settings(WorkerCommandOptions& o) {
    const char* const group = "Machine";
    return {
        {"idle_s", "FT_IDLE_S", "S", group, "how long to wait for more jobs after one (default 60)",
         [&o](const std::string& name, const std::string& text) { o.idle_s = parse_number(name, text, 0, 86400); }},
        {"deadline_min", "FT_DEADLINE_MIN", "MIN", group,
         "the machine's longest life; jobs are given back before (default 0: none)",
         [&o](const std::string& name, const std::string& text) { o.deadline_min = parse_number(name, text, 0, 1e6); }},
        {"power_off", "FT_POWER_OFF", "COMMAND", group,
         "run at the end (default: systemctl poweroff on an EC2 instance, else none)",
         [&o](const std::string&, const std::string& text) { o.power_off = text; }},
        {"image_parameter", "FT_IMAGE_PARAMETER", "NAME", group, "parameter of SSM that names the image to run",
         text_into(o.image_parameter)},
        {"manifest", "FT_MANIFEST", "FILE", group, "what the image says of itself (/opt/transcribe/manifest.json)",
         [&o](const std::string&, const std::string& text) { o.manifest = text; }},
        {"image_check", "FT_IMAGE_CHECK", "POLICY", group,
         "another image than the parameter's: off, log (default), or strict: the job is given back",
         [&o](const std::string& name, const std::string& text) {
             o.image_check = choose<ImagePolicy>(
                 name, text, {{"off", ImagePolicy::off}, {"log", ImagePolicy::log}, {"strict", ImagePolicy::strict}});
         }},
        {"no_gpu", "FT_NO_GPU", "POLICY", group,
         "a machine without a usable GPU: fall_back to its CPU (default), or give_back the job",
         [&o](const std::string& name, const std::string& text) {
             o.no_gpu = choose<NoGpuPolicy>(
                 name, text, {{"fall_back", NoGpuPolicy::fall_back}, {"give_back", NoGpuPolicy::give_back}});
         }},
        {"price_usd_hour", "FT_PRICE_USD_HOUR", "USD", group,
         "what the machine costs (default: its spot price; results tell no cost when it is not known)",
         [&o](const std::string& name, const std::string& text) {
             o.price_usd_hour = parse_number(name, text, 0.000001, 1000);
         }},
        {"price_parameter", "FT_PRICE_PARAMETER", "NAME", group,
         "parameter of SSM with the on-demand price, in USD an hour", text_into(o.price_parameter)},
    };
}

std::vector<Setting> webhook_settings(WorkerCommandOptions& o) {
    const char* const group = "Webhooks";
    return {
        {"webhook_secret_parameter", "FT_WEBHOOK_SECRET_PARAMETER", "NAME", group,
         "parameter of SSM (SecureString) that signs messages of jobs that bring no secret",
         text_into(o.webhook_secret_parameter)},
        {"public_url", "FT_API_URL", "URL", group, "where receivers reach the API, for links in messages",
         text_into(o.public_url)},
        {"allow_network", "FT_ALLOW_NETWORKS", "NET", group,
         "webhooks and audio may be in these networks though they are not public, e.g. 10.0.0.0/8,fd00::/8",
         [&o](const std::string&, const std::string& text) {
             for (const std::string& part : split_list(text)) o.allow_networks.push_back(parse_network(part));
         }},
    };
}

std::vector<Setting> all_settings(WorkerCommandOptions& o) {
    std::vector<Setting> all = place_settings(o);
    for (auto settings : {machine_settings(o), webhook_settings(o)})
        std::move(settings.begin(), settings.end(), std::back_inserter(all));
    return all;
}

std::vector<Flag> all_worker_flags(GatheredWorker& g) {
    std::vector<Flag> flags;
    for (const Setting& setting : all_settings(g.options)) {
        std::string help = setting.help;
        if (*setting.variable != 0) help += std::string(" [") + setting.variable + "]";
        flags.push_back({setting.flag, 0, setting.value, setting.group, help,
                         [name = "--" + std::string(setting.flag), apply = setting.apply](const std::string& text) {
                             apply(name, text);
                         }});
    }
    flags.push_back({"allow_http", 0, "", "Webhooks",
                     "webhooks and audio by address may use http:// too [FT_ALLOW_HTTP]",
                     [&g](const std::string& text) { g.options.allow_http = text == "true"; }});
    for (Flag& flag : engine_flags(g.engine)) flags.push_back(std::move(flag));
    flags.push_back({"quiet", 'q', "", "Other", "nothing on standard error but warnings and failures",
                     [&g](const std::string& text) { g.options.quiet = text == "true"; }});
    flags.push_back(
        {"help", 'h', "", "Other", "this text", [&g](const std::string& text) { g.options.help = text == "true"; }});
    return flags;
}

/// Whoever named the GPU falls back from it as well: a machine that was paid for shall work.
void set_fallback(NoGpuPolicy policy, EngineOptions& engine) {
    engine.otherwise.reset();
    if (policy == NoGpuPolicy::fall_back && engine.backend.name == "cuda")
        engine.otherwise = cpu_instead_of(engine.backend);
}

}  // namespace

WorkerCommandOptions parse_worker_arguments(const std::vector<std::string>& arguments,
                                            const std::function<std::string(const char*)>& variable) {
    GatheredWorker g;
    for (const Setting& setting : all_settings(g.options)) {
        if (*setting.variable == 0) continue;
        if (const std::string text = variable(setting.variable); !text.empty()) setting.apply(setting.variable, text);
    }
    g.options.allow_http = variable("FT_ALLOW_HTTP") == "true";
    const std::vector<std::string> rest = parse_flags(arguments, all_worker_flags(g));
    if (g.options.help) return g.options;
    if (!rest.empty())
        throw Error(ErrorCode::invalid_argument, "worker takes flags only, not \"{}\"; recordings come as jobs",
                    rest.front());
    if (g.options.bucket.empty())
        throw Error(ErrorCode::invalid_argument,
                    "worker needs to know the bucket: set FT_BUCKET (the launch template writes it) or give --bucket");
    if (g.options.launch_seq >= 0 && g.options.job_id.empty())
        throw Error(ErrorCode::invalid_argument, "--launch_seq: says something about a job; give --job_id too");
    finish_service_engine(g.engine);
    g.options.engine = g.engine.options.engine;
    set_fallback(g.options.no_gpu, g.options.engine);
    g.options.defaults = g.engine.draft;
    return g.options;
}

std::string worker_help() {
    GatheredWorker g;
    return "fast-transcribe worker: transcribes jobs of the table on AWS, then ends the machine\n\n"
           "  fast-transcribe worker [flags]\n\n"
           "docs/aws_internals.md, \"The worker\", describes what it does. In brackets: the variable of the "
           "environment with the "
           "same\nmeaning. SIGTERM gives jobs under way back, with the windows that are finished.\n" +
           flags_help(all_worker_flags(g)) +
           "\nExamples:\n"
           "  fast-transcribe worker                                 on an instance that the function launched\n"
           "  fast-transcribe worker --bucket my-recordings --idle_s 600 --model kb-whisper-medium\n";
}

}  // namespace ft
