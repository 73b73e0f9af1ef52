#include "jobs/job_json.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/dump_json.h"
#include "base/error.h"

namespace ft {

namespace {

using nlohmann::json;

template <typename T>
void read(const json& object, const char* name, T& value) {
    const auto found = object.find(name);
    if (found != object.end()) found->get_to(value);
}

json timeline_of(const Job& job) {
    json lines = json::array();
    for (const TimelineEntry& entry : job.timeline) lines.push_back({entry.at_ms, to_string(entry.state), entry.note});
    return lines;
}

void read_parts(const json& all, Job& job) {
    const json empty = json::object();
    const auto part = [&](const char* name) -> const json& {
        if (!all.contains(name)) return empty;
        if (!all.at(name).is_object()) throw std::invalid_argument(name);
        return all.at(name);
    };
    const json &input = part("input"), &callback = part("callback"), &progress = part("progress"),
               &result = part("result"), &error = part("error");
    read(input, "uri", job.input.uri);
    read(input, "name", job.input.name);
    read(input, "version", job.input.version);
    read(input, "etag", job.input.etag);
    read(input, "size_bytes", job.input.size_bytes);
    read(callback, "url", job.callback.url);
    read(callback, "types", job.callback.types);
    read(callback, "secrets", job.callback.secrets);
    read(progress, "done_s", job.progress.done_s);
    read(progress, "duration_s", job.progress.duration_s);
    read(progress, "windows_done", job.progress.windows_done);
    read(progress, "windows_resumed", job.progress.windows_resumed);
    read(result, "prefix", job.result.prefix);
    read(result, "files", job.result.files);
    read(result, "language", job.result.language);
    read(result, "audio_s", job.result.audio_s);
    read(result, "compute_s", job.result.compute_s);
    read(result, "model", job.result.model);
    read(result, "run", job.result.run);
    read(error, "code", job.error.code);
    read(error, "message", job.error.message);
}

}  // namespace

std::string job_to_json(const Job& job) {
    const json all = {
        {"id", job.id},
        {"state", to_string(job.state)},
        {"attempt", job.attempt},
        {"launch_seq", job.launch_seq},
        {"transient_failures", job.transient_failures},
        {"crashes", job.crashes},
        {"fence", job.fence},
        {"owner", job.owner},
        {"lease_until_ms", job.lease_until_ms},
        {"not_before_ms", job.not_before_ms},
        {"deadline_ms", job.deadline_ms},
        {"input",
         {{"uri", job.input.uri},
          {"name", job.input.name},
          {"version", job.input.version},
          {"etag", job.input.etag},
          {"size_bytes", job.input.size_bytes}}},
        {"options", job.options},
        {"metadata", job.metadata},
        {"callback", {{"url", job.callback.url}, {"types", job.callback.types}, {"secrets", job.callback.secrets}}},
        {"progress",
         {{"done_s", job.progress.done_s},
          {"duration_s", job.progress.duration_s},
          {"windows_done", job.progress.windows_done},
          {"windows_resumed", job.progress.windows_resumed}}},
        {"result",
         {{"prefix", job.result.prefix},
          {"files", job.result.files},
          {"language", job.result.language},
          {"audio_s", job.result.audio_s},
          {"compute_s", job.result.compute_s},
          {"model", job.result.model},
          {"run", job.result.run}}},
        {"error", {{"code", job.error.code}, {"message", job.error.message}}},
        {"idempotency_key", job.idempotency_key},
        {"request_digest", job.request_digest},
        {"timeline", timeline_of(job)},
        {"events", job.events},
        {"created_ms", job.created_ms},
        {"updated_ms", job.updated_ms},
    };
    // An error's sentence may quote bytes of a file that are no text.
    return dump_json(all);
}

Job job_from_json(std::string_view text, std::string_view id) {
    try {
        const json all = json::parse(text);
        Job job;
        read(all, "id", job.id);
        job.state = parse_job_state(all.at("state").get<std::string>());
        read(all, "attempt", job.attempt);
        read(all, "launch_seq", job.launch_seq);
        read(all, "transient_failures", job.transient_failures);
        read(all, "crashes", job.crashes);
        read(all, "fence", job.fence);
        read(all, "owner", job.owner);
        read(all, "lease_until_ms", job.lease_until_ms);
        read(all, "not_before_ms", job.not_before_ms);
        read(all, "deadline_ms", job.deadline_ms);
        read_parts(all, job);
        read(all, "options", job.options);
        read(all, "metadata", job.metadata);
        read(all, "idempotency_key", job.idempotency_key);
        read(all, "request_digest", job.request_digest);
        read(all, "events", job.events);
        read(all, "created_ms", job.created_ms);
        read(all, "updated_ms", job.updated_ms);
        if (all.contains("timeline")) {
            for (const json& line : all.at("timeline")) {
                job.timeline.push_back({line.at(0).get<int64_t>(), parse_job_state(line.at(1).get<std::string>()),
                                        line.at(2).get<std::string>()});
            }
        }
        return job;
    } catch (const std::exception&) {
        // Its sentence would quote the record, which has texts of the client's.
        throw Error(ErrorCode::io, "the record of the job {} is damaged: restore the store from a backup", id);
    }
}

}  // namespace ft
