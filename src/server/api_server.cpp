#include "server/api_server.h"

#include <iterator>

#include "base/error.h"
#include "server/audio_routes.h"
#include "server/job_routes.h"
#include "server/openai_routes.h"
#include "server/page_routes.h"
#include "server/status_routes.h"

namespace ft {

namespace {

std::vector<Route> all_routes(const ApiParts& parts) {
    std::vector<Route> all;
    for (auto* some : {openai_routes, job_routes, status_routes, audio_routes, page_routes}) {
        std::vector<Route> routes = some(parts);
        std::move(routes.begin(), routes.end(), std::back_inserter(all));
    }
    return all;
}

EngineStatus status_of(const EngineHolder& engine) {
    return {engine.ready(), engine.loaded(), engine.model()};
}

double count_of(JobStore& store, JobState state) {
    JobFilter filter;
    filter.states = {state};
    filter.limit = 1000;
    return static_cast<double>(store.list(filter).jobs.size());
}

void watch_service(Metrics& metrics, LocalService& service) {
    metrics.watch("fast_transcribe_jobs_queued", "Jobs that wait for a worker, counted up to 1000.", "gauge",
                  [&service] { return count_of(service.store(), JobState::queued); });
    metrics.watch("fast_transcribe_jobs_running", "Jobs under way, counted up to 1000.", "gauge",
                  [&service] { return count_of(service.store(), JobState::running); });
    metrics.watch("fast_transcribe_model_loaded", "Whether the model is in memory.", "gauge",
                  [&service] { return service.engine().loaded() ? 1.0 : 0.0; });
    for (const Round round : {Round::succeeded, Round::failed, Round::retried, Round::dead, Round::lost}) {
        metrics.watch("fast_transcribe_jobs_" + std::string(to_string(round)) + "_total",
                      "Attempts of this process that ended so.", "counter",
                      [&service, round] { return static_cast<double>(service.workers().rounds(round)); });
    }
}

}  // namespace

struct ApiServer::State {
    State(ApiServerOptions options, std::unique_ptr<HttpServer> port, LocalService& service, const Clock& clock)
        : waiting(port->options().threads * 3 / 4),  // the others must be able to ask how their jobs are
          parts{service.store(),
                service.objects(),
                service.transcribe(),
                metrics,
                waiting,
                [&service] { return status_of(service.engine()); },
                [&service] { service.wake(); },
                std::move(options.rules),
                options.uploads,
                options.most_waiting},
          router(all_routes(parts)),
          gate(std::move(options.gate), router, metrics, clock),
          http(std::move(port)) {
        watch_service(metrics, service);
        http->start(gate);
    }

    Metrics metrics;
    ClientLimits waiting;
    const ApiParts parts;
    const Router router;
    Gate gate;
    const std::unique_ptr<HttpServer> http;
};

void check_reach(const GateOptions& gate, const std::string& host) {
    if (gate.keys || is_loopback_host(host)) return;
    throw Error(ErrorCode::invalid_argument,
                "--host {}: without keys only this machine may ask; give --api-keys FILE, or leave --host out", host);
}

ApiServer::ApiServer(ApiServerOptions options, std::unique_ptr<HttpServer> http, LocalService& service,
                     const Clock& clock) {
    check_reach(options.gate, http->options().host);
    state_ = std::make_unique<State>(std::move(options), std::move(http), service, clock);
}

ApiServer::~ApiServer() = default;

std::string ApiServer::url() const {
    return state_->http->url();
}

const Router& ApiServer::router() const {
    return state_->router;
}

void ApiServer::stop() {
    state_->http->stop();
}

}  // namespace ft
