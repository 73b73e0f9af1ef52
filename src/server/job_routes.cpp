#include "server/job_routes.h"

#include "base/text.h"
#include "base/user_input.h"
#include "server/event_stream.h"
#include "server/job_view.h"
#include "server/json_input.h"
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

ApiReply list_jobs(const ApiParts& parts, const ApiRequest& request) {
    JobFilter filter;
    for (const std::string& state : split_list(request.parameter("state")))
        filter.states.push_back(parse_job_state(state));
    filter.search = request.parameter("search");
    filter.cursor = request.parameter("cursor");
    const std::string limit = request.parameter("limit");
    if (!limit.empty()) filter.limit = static_cast<int>(parse_integer("limit", limit, 1, 1000));
    return json_reply(200, jobs_view(parts.store.list(filter)));
}

/// What came of a change that a person has asked for.
ApiReply changed(const ApiParts& parts, const std::string& id, StoreResult result, const char* impossible) {
    const Job job = find_job(parts.store, id);
    if (result != StoreResult::done)
        throw ApiRefusal(409, "wrong_state", fmt::format("the job is {}: {}", to_string(job.state), impossible));
    parts.wake();
    return json_reply(200, job_view(job));
}

ApiReply cancel(const ApiParts& parts, const std::string& id) {
    find_job(parts.store, id);
    return changed(parts, id, parts.store.cancel(id), "what has ended cannot be cancelled");
}

ApiReply retry(const ApiParts& parts, const std::string& id) {
    find_job(parts.store, id);
    return changed(parts, id, parts.store.redrive(id), "only what is failed, dead or cancelled can be tried again");
}

ApiReply list_deliveries(const ApiParts& parts, const std::string& id) {
    find_job(parts.store, id);
    std::vector<EventWithTries> events;
    for (OutboxEvent& event : parts.store.events_of(id)) {
        std::vector<DeliveryAttempt> tries = parts.store.deliveries_of(event.id);
        events.push_back({std::move(event), std::move(tries)});
    }
    return json_reply(200, deliveries_view(events));
}

/// {"event_id": "msg_…"}; without it, all that will not be tried any more by itself.
ApiReply replay(const ApiParts& parts, const ApiRequest& request, const std::string& id) {
    find_job(parts.store, id);
    std::string wanted;
    if (const std::string body = read_whole_body(request, longest_json); !trimmed(body).empty()) {
        const nlohmann::json json = parse_json_input(body, "the body");
        if (!json.is_object() || !json.contains("event_id") || !json.at("event_id").is_string() || json.size() > 1)
            throw ApiRefusal(400, "invalid_argument", "the body must be {\"event_id\": \"msg_…\"}, or empty");
        wanted = json.at("event_id").get<std::string>();
    }
    bool found = false;
    for (const OutboxEvent& event : parts.store.events_of(id)) {
        const bool given_up = event.state == EventState::dead || event.state == EventState::disabled;
        if (wanted.empty() ? !given_up : event.id != wanted) continue;
        found = true;
        parts.store.replay(event.id);
    }
    if (!found && !wanted.empty()) throw ApiRefusal(404, "no_such_event", "the job has no such message");
    parts.wake();
    return list_deliveries(parts, id);
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
        {"GET", "/jobs", [&parts](const ApiRequest& request, const PathParts&) { return list_jobs(parts, request); }},
        {"GET", "/jobs/{id}", with_id(show)},
        {"GET", "/jobs/{id}/result", with_request(get_result)},
        {"GET", "/jobs/{id}/events", with_id(follow_job)},
        {"POST", "/jobs/{id}/cancel", with_id(cancel)},
        {"POST", "/jobs/{id}/retry", with_id(retry)},
        {"GET", "/jobs/{id}/deliveries", with_id(list_deliveries)},
        {"POST", "/jobs/{id}/deliveries/replay", with_request(replay)},
    };
}

}  // namespace ft
