#include "server/job_actions.h"

#include "base/text.h"
#include "base/user_input.h"
#include "server/job_view.h"
#include "server/json_input.h"

namespace ft {

namespace {
constexpr size_t longest_event_choice = size_t{256} << 10;
}  // namespace

Job find_job(JobStore& store, const std::string& id) {
    const std::optional<Job> job = is_job_id(id) ? store.get(id) : std::nullopt;
    if (!job) throw ApiRefusal(404, "no_such_job", "there is no such job; perhaps it was deleted with age");
    return *job;
}

ApiReply list_jobs(JobStore& store, const ApiRequest& request) {
    JobFilter filter;
    for (const std::string& state : split_list(request.parameter("state")))
        filter.states.push_back(parse_job_state(state));
    filter.search = request.parameter("search");
    filter.cursor = request.parameter("cursor");
    const std::string limit = request.parameter("limit");
    if (!limit.empty()) filter.limit = static_cast<int>(parse_integer("limit", limit, 1, 1000));
    return json_reply(200, jobs_view(store.list(filter)));
}

namespace {

/// What came of a change that a person has asked for.
ApiReply changed(JobStore& store, const std::string& id, StoreResult result, const char* impossible) {
    const Job job = find_job(store, id);
    if (result != StoreResult::done)
        throw ApiRefusal(409, "wrong_state", fmt::format("the job is {}: {}", to_string(job.state), impossible));
    return json_reply(200, job_view(job));
}

}  // namespace

ApiReply cancel_job(JobStore& store, const std::string& id) {
    find_job(store, id);
    return changed(store, id, store.cancel(id), "what has ended cannot be cancelled");
}

ApiReply retry_job(JobStore& store, const std::string& id) {
    find_job(store, id);
    return changed(store, id, store.redrive(id), "only what is failed, dead or cancelled can be tried again");
}

ApiReply list_deliveries(JobStore& store, const std::string& id) {
    find_job(store, id);
    std::vector<EventWithTries> events;
    for (OutboxEvent& event : store.events_of(id)) {
        std::vector<DeliveryAttempt> tries = store.deliveries_of(event.id);
        events.push_back({std::move(event), std::move(tries)});
    }
    return json_reply(200, deliveries_view(events));
}

ApiReply replay_deliveries(JobStore& store, const ApiRequest& request, const std::string& id) {
    find_job(store, id);
    std::string wanted;
    if (const std::string body = read_whole_body(request, longest_event_choice); !trimmed(body).empty()) {
        const nlohmann::json json = parse_json_input(body, "the body");
        if (!json.is_object() || !json.contains("event_id") || !json.at("event_id").is_string() || json.size() > 1)
            throw ApiRefusal(400, "invalid_argument", "the body must be {\"event_id\": \"msg_…\"}, or empty");
        wanted = json.at("event_id").get<std::string>();
    }
    bool found = false;
    for (const OutboxEvent& event : store.events_of(id)) {
        const bool given_up = event.state == EventState::dead || event.state == EventState::disabled;
        if (wanted.empty() ? !given_up : event.id != wanted) continue;
        found = true;
        store.replay(event.id);
    }
    if (!found && !wanted.empty()) throw ApiRefusal(404, "no_such_event", "the job has no such message");
    return list_deliveries(store, id);
}

}  // namespace ft
