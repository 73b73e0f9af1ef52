#include "serve_command.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "progress.h"
#include "serve_options.h"
#include "server/api_server.h"
#include "service/local_service.h"

namespace ft {

namespace {

/// Why the server ends. Shared, because a signal may come after its end.
class End {
  public:
    void interrupt() {
        const std::lock_guard lock(mutex_);
        interrupted_ = true;
        changed_.notify_all();
    }
    void fail(const Error& error) {
        const std::lock_guard lock(mutex_);
        failure_ = error;
        changed_.notify_all();
    }
    /// The failure, if it was one.
    std::optional<Error> wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return interrupted_ || failure_; });
        return failure_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool interrupted_ = false;
    std::optional<Error> failure_;
};

constexpr int64_t day_ms = int64_t{24} * 3600 * 1000;

std::string read_small_file(const std::filesystem::path& file) {
    return read_file(file, size_t{1} << 20);
}

AddressPolicy policy_of(const ServeOptions& options) {
    AddressPolicy policy;
    policy.allow_http = options.allow_http;
    policy.allowed = options.allow_networks;
    return policy;
}

ServiceOptions service_options(const ServeOptions& options, const ServeParts& parts, const std::string& url) {
    ServiceOptions service;
    service.data = options.data.empty() ? default_data_folder(parts.variable) : options.data;
    service.workers = options.workers;
    service.engine_idle_ms = static_cast<int64_t>(options.model_idle_minutes * 60000);
    service.keep_ms = static_cast<int64_t>(options.keep_days * static_cast<double>(day_ms));
    service.url_inputs.addresses = policy_of(options);
    service.url_inputs.longest_bytes = options.longest_upload_mb << 20;
    service.webhook.addresses = policy_of(options);
    service.webhook.message.public_url = options.public_url.empty() ? url : options.public_url;
    if (!options.webhook_secret_file.empty())
        service.webhook_secrets =
            parse_webhook_secrets(read_small_file(options.webhook_secret_file), options.webhook_secret_file.string());
    return service;
}

ApiServerOptions server_options(const ServeOptions& options) {
    ApiServerOptions server;
    server.gate.most_at_once = options.most_at_once;
    if (!options.api_keys.empty())
        server.gate.keys = ApiKeys::parse(read_small_file(options.api_keys), options.api_keys.string());
    server.rules.defaults = options.defaults;
    server.rules.urls = server.rules.callbacks = policy_of(options);
    server.rules.signs_webhooks = !options.webhook_secret_file.empty();
    server.uploads.longest_file = options.longest_upload_mb << 20;
    server.most_waiting = options.most_waiting;
    return server;
}

void run(const ServeOptions& options, const ServeParts& parts) {
    const ApiServerOptions wanted = server_options(options);
    check_reach(wanted.gate, options.host);
    const bool quiet = options.verbosity == Verbosity::quiet;
    const auto end = std::make_shared<End>();
    if (parts.catch_signals) {
        parts.interruption.catch_signals([end, quiet, &err = parts.err] {
            if (!quiet)
                err << "stopping: jobs under way keep their finished windows; once more stops at once" << std::endl;
            end->interrupt();
        });
    }
    const auto notice = [&parts, quiet](const std::string& sentence) {
        if (!quiet) parts.err << printable(sentence) << std::endl;
    };
    // Bound first, as messages have links to it, and who cannot have the port should hear it before a model is loaded.
    auto http =
        std::make_unique<HttpServer>(HttpServerOptions{options.host, options.port, options.http_threads}, parts.clock);
    LocalService service(
        service_options(options, parts, http->url()),
        [&parts, &options, notice] { return parts.load_engine(options.engine, notice); }, parts.resolver, parts.clock,
        [end](const Error& error) { end->fail(error); });
    ApiServer server(wanted, std::move(http), service, parts.clock);
    parts.out << "listening on " << server.url() << std::endl;
    const std::optional<Error> failure = end->wait();
    server.stop();
    service.stop();
    if (failure) throw *failure;
}

}  // namespace

int serve(const std::vector<std::string>& arguments, const ServeParts& parts) {
    const ServeOptions options = parse_serve_arguments(arguments);
    if (options.help) {
        parts.out << serve_help() << std::flush;
        return exit_done;
    }
    parts.set_log(options.verbosity);
    run(options, parts);
    return exit_done;
}

}  // namespace ft
