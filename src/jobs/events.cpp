#include "jobs/events.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <span>

#include "base/dump_json.h"
#include "base/error.h"
#include "base/sha256.h"

namespace ft {

namespace {

bool is_terminal_type(std::string_view type) {
    return type == event_completed || type == event_failed || type == event_dead || type == event_cancelled;
}

bool wants(const JobCallback& callback, std::string_view type) {
    if (callback.url.empty()) return false;
    if (callback.types.empty()) return is_terminal_type(type);
    return std::find(callback.types.begin(), callback.types.end(), type) != callback.types.end();
}

/// "started" is when the last attempt began; absent when none did.
nlohmann::json timings_of(const Job& job, int64_t now_ms) {
    nlohmann::json timings = {{"created", iso_time(job.created_ms)}, {"finished", iso_time(now_ms)}};
    for (const TimelineEntry& entry : job.timeline) {
        if (entry.state == JobState::running) timings["started"] = iso_time(entry.at_ms);
    }
    return timings;
}

nlohmann::json data_of(const Job& job, std::string_view type, int64_t now_ms) {
    nlohmann::json data = {{"job_id", job.id}, {"state", to_string(job.state)}, {"attempt", job.attempt}};
    data["file"] = job.input.name;
    if (!job.metadata.empty()) {
        // The client's own words; what is no JSON goes back as a string.
        nlohmann::json metadata = nlohmann::json::parse(job.metadata, nullptr, false);
        data["metadata"] = metadata.is_discarded() ? nlohmann::json(job.metadata) : std::move(metadata);
    }
    if (type == event_progress)
        data["progress"] = {{"done_s", job.progress.done_s}, {"duration_s", job.progress.duration_s}};
    if (is_terminal_type(type)) data["timings"] = timings_of(job, now_ms);
    if (type == event_completed) {
        data["result"] = {{"prefix", job.result.prefix}, {"files", job.result.files}};
        data["model"] = job.result.model;
        data["language"] = job.result.language;
        data["audio_s"] = job.result.audio_s;
        data["compute_s"] = job.result.compute_s;
    }
    if (type == event_failed || type == event_dead) {
        const JobError error = error_for_clients(job.error);
        data["error"] = {{"code", error.code}, {"message", error.message}};
    }
    return data;
}

}  // namespace

std::string_view to_string(EventState state) {
    switch (state) {
        case EventState::pending:
            return "pending";
        case EventState::delivered:
            return "delivered";
        case EventState::dead:
            return "dead";
        case EventState::disabled:
            return "disabled";
    }
    return "dead";
}

EventState parse_event_state(std::string_view name) {
    for (const EventState state :
         {EventState::pending, EventState::delivered, EventState::dead, EventState::disabled}) {
        if (to_string(state) == name) return state;
    }
    throw Error(ErrorCode::internal, "the outbox holds an event in the unknown state '{}'", name);
}

std::string iso_time(int64_t wall_ms) {
    const int64_t seconds = wall_ms >= 0 ? wall_ms / 1000 : (wall_ms - 999) / 1000;
    const std::time_t time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    if (::gmtime_r(&time, &parts) == nullptr) return "";
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, wall_ms - seconds * 1000);
}

std::optional<OutboxEvent> make_event(const Job& job, std::string_view type, int64_t now_ms) {
    if (!wants(job.callback, type)) return std::nullopt;
    std::string identity = fmt::format("{}\n{}\n{}", job.id, type, job.fence);
    if (type == event_progress) identity += fmt::format("\n{}", job.progress.windows_done);
    OutboxEvent event;
    event.id = "msg_" + sha256_hex(std::as_bytes(std::span(identity))).substr(0, 32);
    event.job_id = job.id;
    event.type = type;
    event.url = job.callback.url;
    event.created_ms = event.due_ms = now_ms;
    const nlohmann::json body = {{"type", type}, {"timestamp", iso_time(now_ms)}, {"data", data_of(job, type, now_ms)}};
    event.body = dump_json(body);
    return event;
}

}  // namespace ft
