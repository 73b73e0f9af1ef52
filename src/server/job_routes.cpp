#include "server/job_routes.h"

#include "base/text.h"
#include "server/event_stream.h"
#include "server/job_actions.h"
#include "server/job_view.h"
#include "server/results.h"

namespace ft {

namespace {

constexpr size_t longest_json = size_t{256} << 10;

bool is_json(const ApiRequest& request) {
    return lower_ascii(request.header("content-type")).starts_with("application/json");
}

ApiReply post_job(const ApiParts& parts, const ApiRequest& request) {
    const Created created = create_job(parts, request, [&](const std::string& id) {
        if (is_json(request)) return job_of_json(read_whole_body(request, longest_json), id, parts.rules);
        if (!lower_ascii(request.header("content-type")).starts_with("multipart/form-data"))
            throw ApiRefusal(415, "unknown_body", "send a form (multipart/form-data) with a file, or application/json");
        return job_of_form(receive_upload(request, parts.objects, input_key(id), parts.uploads), id, parts.rules);
    });
    ApiReply reply = json_reply(202, job_view(created.job));
    reply.headers.emplace_back("Location", "/jobs/" + created.job.id);
    if (created.kind == Created::Kind::existing) reply.headers.emplace_back("Idempotent-Replayed", "true");
    return reply;
}

/// There may be something to do for workers and senders.
ApiReply woken(const ApiParts& parts, ApiReply reply) {
    parts.wake();
    return reply;
}

ApiReply cancel(const ApiParts& parts, const std::string& id) {
    return woken(parts, cancel_job(parts.store, id));
}

ApiReply retry(const ApiParts& parts, const std::string& id) {
    return woken(parts, retry_job(parts.store, id));
}

ApiReply deliveries(const ApiParts& parts, const std::string& id) {
    return list_deliveries(parts.store, id);
}

ApiReply replay(const ApiParts& parts, const ApiRequest& request, const std::string& id) {
    return woken(parts, replay_deliveries(parts.store, request, id));
}

ApiReply get_result(const ApiParts& parts, const ApiRequest& request, const std::string& id) {
    const std::string format = request.parameter("format");
    return result_reply(find_job(parts.store, id), parts.objects, format.empty() ? "json" : format,
                        request.header("range"));
}

}  // namespace

std::vector<Route> job_routes(const ApiParts& parts) {
    const auto with_id = [&parts](ApiReply (*function)(const ApiParts&, const std::string&)) {
        return [&parts, function](const ApiRequest&, const PathParts& path) { return function(parts, path[0]); };
    };
    const auto with_request = [&parts](ApiReply (*function)(const ApiParts&, const ApiRequest&, const std::string&)) {
        return [&parts, function](const ApiRequest& request, const PathParts& path) {
            return function(parts, request, path[0]);
        };
    };
    const auto show = [](const ApiParts& all, const std::string& id) {
        return json_reply(200, job_view(find_job(all.store, id)));
    };
    return {
        {"POST", "/jobs", [&parts](const ApiRequest& request, const PathParts&) { return post_job(parts, request); }},
        {"GET", "/jobs",
         [&parts](const ApiRequest& request, const PathParts&) { return list_jobs(parts.store, request); }},
        {"GET", "/jobs/{id}", with_id(show)},
        {"GET", "/jobs/{id}/result", with_request(get_result)},
        {"GET", "/jobs/{id}/events", with_id(follow_job)},
        {"POST", "/jobs/{id}/cancel", with_id(cancel)},
        {"POST", "/jobs/{id}/retry", with_id(retry)},
        {"GET", "/jobs/{id}/deliveries", with_id(deliveries)},
        {"POST", "/jobs/{id}/deliveries/replay", with_request(replay)},
    };
}

}  // namespace ft
