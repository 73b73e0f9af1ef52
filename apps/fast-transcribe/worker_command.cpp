#include "worker_command.h"

#include <filesystem>
#include <mutex>
#include <thread>

#include "agent/agent.h"
#include "agent/image_check.h"
#include "agent/machine.h"
#include "agent/notice_watch.h"
#include "agent/power_off.h"
#include "agent/price.h"
#include "agent/run_report.h"
#include "agent/service_manager.h"
#include "aws/ssm_client.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "jobs/aws/dynamo_job_store.h"
#include "jobs/aws/s3_object_store.h"
#include "service/engine_holder.h"
#include "service/engine_transcribe.h"
#include "service/process_name.h"
#include "service/url_inputs.h"
#include "webhook/webhook_notifier.h"
#include "worker_options.h"

namespace ft {

namespace {

std::shared_ptr<aws::Session> make_session() {
    const aws::SessionOptions options;
    return std::make_shared<aws::Session>(options);
}

/// The job's own secrets, or else the parameter's, which is asked for when the first message goes out.
WebhookSecrets secrets_of(JobStore& store, const std::shared_ptr<aws::Session>& session, const std::string& parameter) {
    if (parameter.empty()) return secrets_of_jobs(store, {});
    struct Held {
        std::mutex mutex;
        std::vector<WebhookSecret> secrets;
    };
    return [&store, session, parameter, held = std::make_shared<Held>()](const OutboxEvent& event) {
        std::vector<WebhookSecret> server;
        {
            const std::lock_guard lock(held->mutex);
            if (held->secrets.empty()) {
                const auto found = aws::SsmClient(session).get_parameter(parameter);
                if (!found)
                    throw Error(ErrorCode::not_found, "there is no parameter {}; setup_infrastructure.sh makes it",
                                parameter);
                held->secrets = parse_webhook_secrets(found->value, "the parameter " + parameter);
            }
            server = held->secrets;
        }
        return secrets_of_jobs(store, server)(event);
    };
}

/// Without an address for the links of messages they are the timer's: it knows the API's.
class LaterNotifier : public Notifier {
  public:
    Delivery deliver(const OutboxEvent&) override {
        throw Error(ErrorCode::unsupported, "FT_API_URL is not set, the links in messages need it");
    }
};

WebhookOptions webhook_options(const WorkerCommandOptions& options) {
    WebhookOptions webhook;
    webhook.addresses.allow_http = options.allow_http;
    webhook.addresses.allowed = options.allow_networks;
    webhook.message.public_url = options.public_url;
    return webhook;
}

UrlInputOptions url_options(const WorkerCommandOptions& options) {
    UrlInputOptions urls;
    urls.addresses.allow_http = options.allow_http;
    urls.addresses.allowed = options.allow_networks;
    return urls;
}

/// Everything of one run, in the order in which it is needed.
class WorkerRun {
  public:
    WorkerRun(const WorkerCommandOptions& options, const WorkerCommandParts& parts)
        : options_(options),
          parts_(parts),
          metadata_(aws::real_surroundings()),
          machine_(read_machine(metadata_)),
          report_(parts.clock, machine_),
          systemd_(parts.variable),
          engine_([this] { return load(); }, parts.clock, 0),
          transcribe_(engine_,
                      [this](const Error& error) {
                          spdlog::error("{}", error.what());
                          agent_.stop(EndReason::engine_failed);
                      }),
          session_(make_session()),
          store_(session_, parts.clock, {.table = options.table}),
          bucket_(session_, {.bucket = options.bucket, .prefix = ""}),
          objects_(bucket_, parts.resolver, url_options(options)),
          notifier_(make_notifier()),
          random_(session_->surroundings().random),
          agent_({store_, objects_, *notifier_, transcribe_, parts.clock, random_, &report_}, agent_options()) {
        if (!machine_.job_id.empty())
            spdlog::info("launched for job {} (launch {})", machine_.job_id, machine_.launch_seq);
    }

    ~WorkerRun() {
        for (std::thread* thread : {&loader_, &teller_}) {
            if (thread->joinable()) thread->join();
        }
    }

    int run() {
        if (parts_.catch_signals) parts_.interruption.catch_signals([this] { agent_.stop(EndReason::told_to_stop); });
        loader_ = std::thread([this] { begin_loading(); });
        if (!may_begin()) {
            const int code = finish(exit_input_failed);
            // Half a model is loaded by now; nobody waits for the rest.
            parts_.end_process(code);
            return code;
        }
        teller_ = std::thread([this] { learn_about_machine(); });
        std::optional<NoticeWatch> watch;
        if (machine_.is_instance()) watch.emplace(metadata_, parts_.clock, notice_handlers());
        systemd_.ready();
        const Agent::Outcome outcome = agent_.run();
        spdlog::info("nothing more to do on this machine: {}", to_string(outcome.reason));
        const int code = finish(is_failure(outcome.reason) ? exit_input_failed : exit_done);
        // Neither a worker that hangs nor a model that is still loading is waited for: the machine costs money.
        if (!outcome.all_ended || !engine_.ready()) parts_.end_process(code);
        return code;
    }

  private:
    AgentOptions agent_options() {
        AgentOptions agent;
        agent.worker.owner = (machine_.is_instance() ? machine_.instance_id + ":" : "") + process_name();
        agent.worker.scratch = scratch();
        agent.job_id = options_.job_id.empty() ? machine_.job_id : options_.job_id;
        agent.launch_seq = options_.job_id.empty() ? machine_.launch_seq : options_.launch_seq;
        agent.workers = options_.workers;
        agent.limits = limits_of_life(static_cast<int64_t>(options_.deadline_min * 60000),
                                      static_cast<int64_t>(options_.idle_s * 1000));
        agent.alive = [this] { systemd_.alive(); };
        agent.alive_every_ms = systemd_.alive_every_ms().value_or(1000);
        return agent;
    }

    std::unique_ptr<Notifier> make_notifier() {
        if (options_.public_url.empty()) return std::make_unique<LaterNotifier>();
        const WebhookParts parts{objects_, secrets_of(store_, session_, options_.webhook_secret_parameter),
                                 parts_.resolver, parts_.clock};
        return std::make_unique<WebhookNotifier>(parts, webhook_options(options_));
    }

    std::filesystem::path scratch() const {
        return (options_.scratch.empty() ? std::filesystem::temp_directory_path() : options_.scratch) /
               ("fast-transcribe-worker-" + process_name());
    }

    /// Before anything is claimed: whether this is the machine that was meant.
    bool may_begin() {
        if (options_.no_gpu == NoGpuPolicy::give_back && !parts_.has_gpu()) {
            refuse({"no_gpu", "this machine has no GPU that can be used"});
            return false;
        }
        if (!parts_.has_gpu() && machine_.is_instance()) report_.note("no GPU: computed on the CPU");
        if (options_.image_check != ImagePolicy::strict) return true;
        const ImageVerdict verdict = look_at_image();
        if (verdict.kind != ImageVerdict::Kind::mismatch) return true;
        refuse({"image_mismatch", verdict.detail});
        return false;
    }

    /// What the results tell, and no work waits for.
    void learn_about_machine() {
        if (options_.image_check == ImagePolicy::log) look_at_image();
        const auto price = find_price({options_.price_usd_hour, options_.price_parameter}, machine_, session_);
        if (price) report_.set_price(*price);
    }

    void refuse(const JobError& error) {
        try {
            refuse_launch(store_, agent_options(), error, parts_.clock, random_);
        } catch (const Error& problem) {
            spdlog::error("the job waits until its launch is given up: {}", problem.what());
        }
    }

    ImageVerdict look_at_image() {
        ImageFacts facts;
        facts.running = machine_.image_id;
        facts.version = FT_VERSION;
        try {
            std::error_code ignored;
            if (std::filesystem::exists(options_.manifest, ignored))
                facts.manifest =
                    parse_manifest(read_file(options_.manifest, size_t{1} << 20), options_.manifest.string());
            if (!options_.image_parameter.empty() && machine_.is_instance()) {
                const auto expected = aws::SsmClient(session_).get_parameter(options_.image_parameter);
                if (expected) facts.expected = expected->value;
            }
        } catch (const Error& error) {
            spdlog::warn("the image cannot be checked: {}", error.what());
        }
        const ImageVerdict verdict = check_image(facts);
        if (verdict.kind == ImageVerdict::Kind::mismatch)
            spdlog::error("another image than expected: {}", verdict.detail);
        report_.set_image(verdict);
        return verdict;
    }

    std::shared_ptr<Engine> load() {
        const Notice notice = [](const std::string& sentence) { spdlog::info("{}", sentence); };
        std::shared_ptr<Engine> engine = parts_.load_engine(options_.engine, notice);
        if (parts_.has_gpu() && !engine->device_note().empty()) {
            spdlog::error("the GPU could not be used: {}", engine->device_note());
            report_.note("the GPU could not be used: computed on the CPU");
        }
        return engine;
    }

    void begin_loading() {
        try {
            engine_.get();
            report_.stage("engine_ready");
            systemd_.status("the model is loaded");
        } catch (const std::exception& error) {
            spdlog::error("the model cannot be loaded: {}", error.what());
            agent_.stop(EndReason::engine_failed);
        }
    }

    NoticeHandlers notice_handlers() {
        return {[this](const aws::SpotNotice& notice) {
                    spdlog::warn("AWS takes this machine away ({})", notice.action);
                    agent_.stop(EndReason::spot_notice);
                },
                [this] { agent_.stop(EndReason::rebalance); }};
    }

    int finish(int code) {
        systemd_.stopping();
        std::error_code ignored;
        std::filesystem::remove_all(scratch(), ignored);
        const std::string command = options_.power_off.value_or(machine_.is_instance() ? "systemctl poweroff" : "none");
        const bool off = power_off(parse_power_off(command));
        return off ? code : exit_input_failed;
    }

    const WorkerCommandOptions& options_;
    const WorkerCommandParts& parts_;
    aws::InstanceMetadata metadata_;
    const Machine machine_;
    RunReport report_;
    const ServiceManager systemd_;
    EngineHolder engine_;
    EngineTranscribe transcribe_;
    std::shared_ptr<aws::Session> session_;
    DynamoJobStore store_;
    S3ObjectStore bucket_;
    UrlInputs objects_;
    std::unique_ptr<Notifier> notifier_;
    const Random random_;
    Agent agent_;
    std::thread loader_, teller_;
};

}  // namespace

bool system_has_gpu() {
    std::error_code ignored;
    return std::filesystem::exists("/dev/nvidia0", ignored) && std::filesystem::exists("/dev/nvidiactl", ignored);
}

int work(const std::vector<std::string>& arguments, const WorkerCommandParts& parts) {
    const WorkerCommandOptions options = parse_worker_arguments(arguments, parts.variable);
    if (options.help) {
        parts.out << worker_help() << std::flush;
        return exit_done;
    }
    parts.set_log(options.quiet ? Verbosity::normal : Verbosity::verbose);
    WorkerRun run(options, parts);
    return run.run();
}

}  // namespace ft
