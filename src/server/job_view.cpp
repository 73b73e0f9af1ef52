#include "server/job_view.h"

#include <nlohmann/json.hpp>

#include "base/dump_json.h"
#include "base/utf8.h"
#include "server/results.h"
#include "service/url_inputs.h"

namespace ft {

namespace {

using Json = nlohmann::ordered_json;

Json text(const std::string& bytes) {
    return valid_utf8(bytes);
}

/// What a client gave as JSON; a store never has other text, but that is no reason to break here.
Json given_json(const std::string& json) {
    if (json.empty()) return nullptr;
    Json parsed = Json::parse(json, nullptr, false);
    return parsed.is_discarded() ? Json() : parsed;
}

Json audio_json(const JobInput& input) {
    Json audio = {{"name", text(input.name)}};
    if (input.size_bytes > 0) audio["size_bytes"] = input.size_bytes;
    // Behind the question mark there may be a signature that opens the file for anybody.
    if (is_url_input(input.uri)) audio["url"] = text(input.uri.substr(0, input.uri.find_first_of("?#")));
    return audio;
}

Json progress_json(const Job& job) {
    const JobProgress& progress = job.progress;
    return {{"done_s", progress.done_s},
            {"duration_s", progress.duration_s > 0 ? Json(progress.duration_s) : Json()},
            {"windows_done", progress.windows_done},
            {"windows_resumed", progress.windows_resumed}};
}

Json result_json(const Job& job) {
    Json formats = Json::array();
    for (const std::string& format : result_formats(job)) formats.push_back(format);
    Json json = {{"language", text(job.result.language)},
                 {"audio_s", job.result.audio_s},
                 {"compute_s", job.result.compute_s},
                 {"model", text(job.result.model)},
                 {"formats", formats}};
    if (Json run = Json::parse(job.result.run, nullptr, false); run.is_object()) json["run"] = std::move(run);
    return json;
}

Json timeline_json(const Job& job) {
    Json entries = Json::array();
    for (const TimelineEntry& entry : job.timeline) {
        entries.push_back(
            {{"at", iso_time(entry.at_ms)}, {"state", to_string(entry.state)}, {"note", text(entry.note)}});
    }
    return entries;
}

Json links_json(const Job& job) {
    const std::string self = "/jobs/" + job.id;
    Json links = {{"job", self}, {"events", self + "/events"}, {"deliveries", self + "/deliveries"}};
    if (job.state == JobState::succeeded) links["result"] = self + "/result";
    if (!is_terminal(job.state)) links["cancel"] = self + "/cancel";
    if (is_terminal(job.state) && job.state != JobState::succeeded) links["retry"] = self + "/retry";
    return links;
}

Json job_json(const Job& job) {
    Json json = {{"job_id", job.id},
                 {"state", to_string(job.state)},
                 {"attempt", job.attempt},
                 {"created", iso_time(job.created_ms)},
                 {"updated", iso_time(job.updated_ms)},
                 {"audio", audio_json(job.input)},
                 {"options", given_json(job.options)},
                 {"metadata", given_json(job.metadata)},
                 {"progress", progress_json(job)},
                 {"result", job.state == JobState::succeeded ? result_json(job) : Json()},
                 {"error", nullptr}};
    const JobError error = error_for_clients(job.error);
    if (!error.code.empty() && job.state != JobState::succeeded)
        json["error"] = {{"code", text(error.code)}, {"message", text(error.message)}};
    if (job.state == JobState::retry_wait) json["not_before"] = iso_time(job.not_before_ms);
    if (!job.callback.url.empty()) json["callback"] = {{"url", text(job.callback.url)}, {"types", job.callback.types}};
    json["timeline"] = timeline_json(job);
    json["links"] = links_json(job);
    return json;
}

}  // namespace

std::string job_view(const Job& job) {
    return dump_json(job_json(job)) + "\n";
}

std::string jobs_view(const JobPage& page) {
    Json jobs = Json::array();
    for (const Job& job : page.jobs) jobs.push_back(job_json(job));
    return dump_json(Json{{"jobs", jobs}, {"next", page.next.empty() ? Json() : Json(page.next)}}) + "\n";
}

std::string deliveries_view(const std::vector<EventWithTries>& events) {
    Json all = Json::array();
    for (const EventWithTries& entry : events) {
        Json tries = Json::array();
        for (const DeliveryAttempt& attempt : entry.tries) {
            tries.push_back({{"at", iso_time(attempt.at_ms)},
                             {"duration_ms", attempt.duration_ms},
                             {"http_status", attempt.http_status > 0 ? Json(attempt.http_status) : Json()},
                             {"note", text(attempt.note)}});
        }
        const OutboxEvent& event = entry.event;
        Json json = {{"event_id", text(event.id)}, {"type", text(event.type)},
                     {"url", text(event.url)},     {"state", to_string(event.state)},
                     {"attempts", event.attempts}, {"created", iso_time(event.created_ms)},
                     {"next_try", nullptr},        {"tries", tries}};
        if (event.state == EventState::pending) json["next_try"] = iso_time(event.due_ms);
        all.push_back(std::move(json));
    }
    return dump_json(Json{{"deliveries", all}}) + "\n";
}

std::string progress_view(const Job& job) {
    return dump_json(progress_json(job));
}

std::string window_view(const FinishedWindow& window) {
    Json segments = Json::array();
    std::string all;
    for (const Segment& segment : window.segments) {
        all += (all.empty() ? "" : " ") + segment.text;
        segments.push_back({{"start", segment.start_s}, {"end", segment.end_s}, {"text", text(segment.text)}});
    }
    return dump_json(Json{{"window", window.index},
                          {"start", window.begin_s},
                          {"end", window.end_s},
                          {"text", text(all)},
                          {"segments", segments}});
}

}  // namespace ft
