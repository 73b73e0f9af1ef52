#include "server/status_routes.h"

namespace ft {

extern const std::string_view openapi_json;  // openapi.json, as CMakeLists.txt says

namespace {

ApiReply ready(const ApiParts& parts) {
    if (!parts.engine().ready)
        return error_reply(ApiRefusal(503, "loading", "the model is being loaded; jobs are taken and wait for it", 5));
    return json_reply(200, "{\"status\":\"ready\"}\n");
}

ApiReply metrics(const ApiParts& parts) {
    ApiReply reply;
    reply.type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = parts.metrics.text();
    return reply;
}

}  // namespace

std::vector<Route> status_routes(const ApiParts& parts) {
    return {
        {"GET", "/health",
         [](const ApiRequest&, const PathParts&) { return json_reply(200, "{\"status\":\"ok\"}\n"); }},
        {"GET", "/ready", [&parts](const ApiRequest&, const PathParts&) { return ready(parts); }},
        {"GET", "/metrics", [&parts](const ApiRequest&, const PathParts&) { return metrics(parts); }},
        {"GET", "/openapi.json",
         [](const ApiRequest&, const PathParts&) { return json_reply(200, std::string(openapi_json)); }},
    };
}

bool is_open_path(std::string_view path) {
    return path == "/health" || path == "/ready" || path == "/openapi.json";
}

}  // namespace ft
