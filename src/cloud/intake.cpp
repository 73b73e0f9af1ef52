#include "cloud/intake.h"

#include "base/error.h"
#include "base/log.h"
#include "cloud/upload_key.h"
#include "transcriber/options_json.h"

namespace ft::cloud {

namespace {

/// A recording is worth more than the mistake in somebody's registration: without a callback, then.
JobCallback registered_callback(const IntakeParts& parts, const std::string& callback_id) {
    if (callback_id.empty()) return {};
    const auto text = parts.uploads.read_text(callback_key(callback_id));
    if (!text) {
        spdlog::warn("{}: nobody has registered this callback", callback_key(callback_id));
        return {};
    }
    try {
        return callback_of_json(*text, parts.rules);
    } catch (const Error& error) {
        spdlog::error("{}: is passed over: {}", callback_key(callback_id), error.what());
        return {};
    }
}

JobInput input_of(const IntakeParts& parts, const UploadInfo& info, const std::string& name) {
    return {parts.uploads.uri_of(info.key), name, info.version, info.etag, info.size_bytes};
}

}  // namespace

Taken take_upload(const IntakeParts& parts, const std::string& key, const std::string& version) {
    const auto parsed = parse_upload_key(key);
    if (!parsed) return Taken::not_ours;
    const auto info = parts.uploads.head(key, version);
    if (!info) return Taken::gone;
    if (!parsed->job_id.empty()) {
        const auto job = parts.store.get(parsed->job_id);
        if (job && parts.uploads.key_of(job->input.uri) == key) {
            const bool was_awaited = is_awaited(*job);
            const StoreResult result = parts.store.arrive(job->id, input_of(parts, *info, job->input.name));
            if (result == StoreResult::done && was_awaited) return Taken::made;
            return Taken::known;
        }
        // Its record was deleted with age, or somebody put it there without asking.
    }
    NewJob job;
    // Where the bucket keeps no versions, the content tells one recording from the next.
    job.id = job_id_of_object(parts.uploads.bucket(), key, info->version.empty() ? info->etag : info->version);
    if (parts.store.get(job.id)) return Taken::known;
    job.input = input_of(parts, *info, parsed->name);
    job.options = write_options_json(finish_options(parts.rules.defaults));
    job.callback = registered_callback(parts, parsed->callback_id);
    return parts.store.create(job).kind == Created::Kind::created ? Taken::made : Taken::known;
}

}  // namespace ft::cloud
