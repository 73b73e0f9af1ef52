#include "cloud/functions.h"

#include <cstdio>
#include <optional>

#include "aws/ssm_client.h"
#include "base/error.h"
#include "cloud/aws_ports.h"
#include "cloud/cloud_api.h"
#include "cloud/process_upload.h"
#include "cloud/reaper.h"
#include "jobs/aws/dynamo_job_store.h"
#include "jobs/aws/s3_object_store.h"
#include "webhook/webhook_notifier.h"

namespace ft::cloud {

namespace {

/// Before the sandbox is stopped there must be time for the last request and the answer.
constexpr std::chrono::seconds last_seconds{25};

DynamoOptions dynamo_options(const CloudSettings& settings) {
    return {settings.table, settings.result_days};
}

/// What all three share. One event at a time, as Lambda has it.
struct Common {
    Common(std::shared_ptr<aws::Session> given, const CloudSettings& wanted)
        : session(std::move(given)),
          settings(wanted),
          store(session, clock, dynamo_options(settings)),
          uploads(session, settings) {
        rules.callbacks = settings.receivers;
        rules.signs_webhooks = !settings.webhook_secret_parameter.empty();
    }

    std::shared_ptr<aws::Session> session;
    const CloudSettings settings;
    SystemClock clock;
    JobRules rules;
    DynamoJobStore store;
    S3Uploads uploads;
};

struct Api : Common {
    using Common::Common;
    S3Links links{session, settings};
    Router router{cloud_routes({store, uploads, links, clock, settings, rules})};
};

struct Launching : Common {
    using Common::Common;
    Ec2Machines machines{session, settings};
    Random random = session->surroundings().random;
    Launcher launcher{{store, machines, uploads, clock, random}, settings};
    IntakeParts intake{store, uploads, settings, rules};
};

/// The server's secrets, asked for when the first message needs them.
class ServerSecrets {
  public:
    ServerSecrets(std::shared_ptr<aws::Session> session, std::string parameter)
        : session_(std::move(session)), parameter_(std::move(parameter)) {}

    const std::vector<WebhookSecret>& get() {
        if (known_ || parameter_.empty()) return secrets_;
        aws::SsmClient ssm(session_);
        const auto found = ssm.get_parameter(parameter_);
        if (!found)
            throw Error(ErrorCode::not_found, "the parameter {} with the webhooks' secret is not there; make it",
                        parameter_);
        secrets_ = parse_webhook_secrets(found->value, parameter_);
        known_ = true;
        return secrets_;
    }

  private:
    std::shared_ptr<aws::Session> session_;
    const std::string parameter_;
    bool known_ = false;
    std::vector<WebhookSecret> secrets_;
};

/// Made when the first message is due: most passes of the reaper have none.
class LateNotifier : public Notifier {
  public:
    LateNotifier(Common& common, ObjectStore& objects)
        : common_(common), objects_(objects), secrets_(common.session, common.settings.webhook_secret_parameter) {}

    Delivery deliver(const OutboxEvent& event) override {
        if (!notifier_) make();
        return notifier_->deliver(event);
    }

  private:
    void make() {
        if (common_.settings.api_url.empty())
            throw Error(ErrorCode::unsupported, "FT_API_URL is not set, and messages wait: their links need it");
        WebhookOptions options;
        options.message.public_url = common_.settings.api_url;
        options.addresses = common_.settings.receivers;
        options.certificates = common_.session->surroundings().variable("AWS_CA_BUNDLE");
        const auto secrets = [this](const OutboxEvent& event) {
            // Only a job without secrets of its own needs the server's.
            auto own = secrets_of_jobs(common_.store, {})(event);
            return own.empty() ? secrets_.get() : own;
        };
        notifier_.emplace(WebhookParts{objects_, secrets, resolve_by_system, common_.clock}, options);
    }

    Common& common_;
    ObjectStore& objects_;
    ServerSecrets secrets_;
    std::optional<WebhookNotifier> notifier_;
};

struct Reaping : Launching {
    using Launching::Launching;

    S3ObjectStore objects{session, {settings.bucket, "", uint64_t{16} << 20}};
    LateNotifier notifier{*this, objects};
    Reaper reaper{{store, objects, machines, intake, launcher, notifier, clock, random, [this] { store.prepare(); },
                   [](const std::string& line) {
                       // CloudWatch reads metrics from lines of the log that are nothing else.
                       std::fprintf(stdout, "%s\n", line.c_str());
                       std::fflush(stdout);
                   }},
                  settings};
};

}  // namespace

aws::LambdaHandler make_function(const std::string& name, std::shared_ptr<aws::Session> session,
                                 const CloudSettings& settings) {
    const std::string function = name.substr(0, name.find('.'));
    if (function == "TranscriptionApi") {
        return [api = std::make_shared<Api>(std::move(session), settings)](const aws::Invocation& invocation) {
            return answer_gateway(api->router, invocation.payload);
        };
    }
    if (function == "TranscriptionProcessUpload") {
        return [parts = std::make_shared<Launching>(std::move(session), settings)](const aws::Invocation& invocation) {
            return process_uploads(parts->intake, parts->launcher, invocation.payload);
        };
    }
    if (function == "TranscriptionReaper") {
        return [parts = std::make_shared<Reaping>(std::move(session), settings)](const aws::Invocation& invocation) {
            const auto now = parts->session->surroundings().now;
            const ReaperRun run = parts->reaper.run([&] { return now() + last_seconds < invocation.deadline; });
            // What failed is for the alarm on the function's errors; what was done stays done.
            if (!run.failures.empty()) throw Error(ErrorCode::network, "the reaper could not do all: {}", to_json(run));
            return to_json(run);
        };
    }
    throw Error(ErrorCode::invalid_argument,
                "_HANDLER is '{}': this program is TranscriptionApi, TranscriptionProcessUpload or "
                "TranscriptionReaper",
                name);
}

}  // namespace ft::cloud
