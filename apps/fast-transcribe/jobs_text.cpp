#include "jobs_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/dump_json.h"
#include "progress.h"

namespace ft {

namespace {

using nlohmann::json;

/// Whatever is there, as text; "" for null and what is not there. A server of another version may say other things.
std::string text_at(const json& object, const char* name) {
    if (!object.is_object() || !object.contains(name) || object[name].is_null()) return "";
    const json& value = object[name];
    return printable(value.is_string() ? value.get<std::string>() : dump_json(value));
}

json at(const json& object, const char* name) {
    return object.is_object() && object.contains(name) ? object[name] : json();
}

double number_at(const json& object, const char* name) {
    const json value = at(object, name);
    return value.is_number() ? value.get<double>() : 0.0;
}

/// "2026-01-31T12:00:00.123Z" → "2026-01-31 12:00:00"
std::string short_time(const std::string& iso) {
    std::string text = iso.substr(0, 19);
    if (text.size() > 10 && text[10] == 'T') text[10] = ' ';
    return text;
}

std::string how_far(const json& job) {
    const json progress = at(job, "progress");
    const double done_s = number_at(progress, "done_s"), duration_s = number_at(progress, "duration_s");
    if (text_at(job, "state") != "running") return "";
    return duration_s > 0 ? fmt::format("{:.0f} %", 100 * done_s / duration_s) : format_clock(done_s);
}

void add_line(std::string& text, const std::string& name, const std::string& value) {
    if (!value.empty()) text += fmt::format("{:<11}{}\n", name, value);
}

std::string with_length(const json& job) {
    const json result = at(job, "result");
    if (!result.is_object()) return "";
    return fmt::format("{} of audio in {}, language {}, model {}", format_clock(number_at(result, "audio_s")),
                       format_clock(number_at(result, "compute_s")), text_at(result, "language"),
                       text_at(result, "model"));
}

}  // namespace

std::string job_line(const json& job) {
    return fmt::format("{}  {:<10} {}  {:>5}  {}\n", text_at(job, "job_id"), text_at(job, "state"),
                       short_time(text_at(job, "created")), how_far(job), text_at(at(job, "audio"), "name"));
}

std::string job_text(const json& job) {
    std::string text;
    add_line(text, "job", text_at(job, "job_id"));
    add_line(text, "file", text_at(at(job, "audio"), "name"));
    add_line(text, "address", text_at(at(job, "audio"), "url"));
    const std::string far = how_far(job);
    add_line(text, "state", text_at(job, "state") + (far.empty() ? "" : ", " + far));
    add_line(text, "not before", text_at(job, "not_before"));
    add_line(text, "result", with_length(job));
    const json error = at(job, "error");
    if (error.is_object()) add_line(text, "error", text_at(error, "message") + " (" + text_at(error, "code") + ")");
    add_line(text, "callback", text_at(at(job, "callback"), "url"));
    add_line(text, "metadata", text_at(job, "metadata"));
    for (const json& entry : at(job, "timeline")) {
        const std::string note = text_at(entry, "note");
        text += fmt::format("  {}  {}{}\n", short_time(text_at(entry, "at")), text_at(entry, "state"),
                            note.empty() ? "" : ": " + note);
    }
    return text;
}

std::string delivery_text(const json& delivery) {
    std::string text = fmt::format("{}  {:<9} {}  {}\n", text_at(delivery, "event_id"), text_at(delivery, "state"),
                                   text_at(delivery, "type"), text_at(delivery, "url"));
    for (const json& attempt : at(delivery, "tries")) {
        const std::string status = text_at(attempt, "http_status"), note = text_at(attempt, "note");
        text += fmt::format("  {}  {}{}, {} ms\n", short_time(text_at(attempt, "at")),
                            status.empty() ? "no answer" : "answered " + status, note.empty() ? "" : ": " + note,
                            text_at(attempt, "duration_ms"));
    }
    if (const std::string next = text_at(delivery, "next_try"); !next.empty())
        text += "  next try " + short_time(next) + "\n";
    return text;
}

}  // namespace ft
