#include "server/gate.h"

#include "base/log.h"
#include "server/page_routes.h"
#include "server/status_routes.h"

namespace ft {

Gate::Gate(GateOptions options, const Router& router, Metrics& metrics, const Clock& clock)
    : options_(std::move(options)),
      router_(router),
      metrics_(metrics),
      clock_(clock),
      clients_(options_.most_at_once) {}

ApiReply Gate::pass(ApiRequest& request) {
    const std::string why = foreign_page(request.header("host"), request.header("origin"), !options_.keys.has_value());
    if (!why.empty()) return error_reply(403, "foreign_page", why);
    request.client = "local";
    if (is_open_path(request.path) || is_page_path(request.path)) return router_.handle(request);
    if (options_.keys) {
        request.client = options_.keys->name_of(request.header("authorization"));
        if (request.client.empty()) {
            ApiReply reply =
                error_reply(401, "invalid_api_key", "this server wants a key of its own: Authorization: Bearer …");
            reply.headers.emplace_back("WWW-Authenticate", "Bearer");
            return reply;
        }
    }
    const std::shared_ptr<ClientLimits::Place> place = clients_.take(request.client);
    if (!place)
        return error_reply(
            ApiRefusal(429, "too_many_requests",
                       fmt::format("{} requests of this client are under way, which is as many as it may have",
                                   options_.most_at_once),
                       1));
    ApiReply reply = router_.handle(request);
    // A stream goes on after this.
    if (reply.stream) reply.stream = [place, stream = std::move(reply.stream)](ReplySink& sink) { stream(sink); };
    return reply;
}

ApiReply Gate::handle(ApiRequest& request) {
    const int64_t begun_ms = clock_.boot_ms();
    ApiReply reply;
    try {
        reply = pass(request);
    } catch (const std::exception& error) {
        reply = error_reply(error);
    }
    // Only paths that we know: strangers must not fill the memory with others.
    std::string path = router_.pattern_of(request.path);
    if (path.empty()) path = "other";
    const double seconds = static_cast<double>(clock_.boot_ms() - begun_ms) / 1000;
    const bool known_method = request.method == "GET" || request.method == "POST" || request.method == "HEAD";
    const Metrics::Labels labels = {{"path", path}, {"method", known_method ? request.method : "other"}};
    metrics_.observe_seconds("fast_transcribe_http_request_seconds", "Time until the reply began.", labels, seconds);
    Metrics::Labels with_status = labels;
    with_status["status"] = std::to_string(reply.status);
    metrics_.add("fast_transcribe_http_requests_total", "Requests answered.", with_status);
    spdlog::debug("{} {} of {}: {}", request.method, path, request.client, reply.status);
    return reply;
}

}  // namespace ft
