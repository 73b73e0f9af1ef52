#include "server/job_request.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/sha256.h"
#include "server/json_input.h"
#include "service/url_inputs.h"
#include "transcriber/options_json.h"
#include "webhook/signature.h"

namespace ft {

namespace {

using nlohmann::json;

[[noreturn]] void wrong(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

/// Names in an object that are none of `known` are mistakes, never passed over.
void check_names(const json& object, const std::string& what, const std::vector<std::string>& known) {
    if (!object.is_object()) wrong(what + " is no JSON object");
    for (const auto& [name, value] : object.items()) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            wrong(fmt::format("{} has no \"{}\"; it may have {}", what, name.substr(0, 100), fmt::join(known, ", ")));
    }
}

std::string text_at(const json& object, const std::string& name, const std::string& what) {
    if (!object.contains(name)) return "";
    if (!object.at(name).is_string()) wrong(what + "." + name + " must be a text");
    return object.at(name).get<std::string>();
}

std::vector<std::string> texts_at(const json& object, const std::string& name, const std::string& what) {
    std::vector<std::string> all;
    if (!object.contains(name)) return all;
    if (!object.at(name).is_array()) wrong(what + "." + name + " must be a list of texts");
    for (const json& entry : object.at(name)) {
        if (!entry.is_string()) wrong(what + "." + name + " must be a list of texts");
        all.push_back(entry.get<std::string>());
    }
    return all;
}

JobCallback callback_of(const json& object, const JobRules& rules) {
    check_names(object, "callback", {"url", "secret", "secrets", "types"});
    JobCallback callback;
    callback.url = text_at(object, "url", "callback");
    callback.types = texts_at(object, "types", "callback");
    callback.secrets = texts_at(object, "secrets", "callback");
    const std::string secret = text_at(object, "secret", "callback");
    if (!secret.empty()) callback.secrets.insert(callback.secrets.begin(), secret);
    if (callback.url.empty()) wrong("the callback has no url");
    check_url(callback.url, rules.callbacks);
    for (const std::string& text : callback.secrets) WebhookSecret::parse(text);
    if (callback.secrets.empty() && !rules.signs_webhooks)
        wrong(
            "the callback has no secret, and this server has none of its own: give callback.secret, \"whsec_\" and "
            "base64 of 24 to 64 bytes");
    return callback;
}

void set_url(NewJob& job, const std::string& url, const std::string& name, const JobRules& rules) {
    if (!is_url_input(url)) wrong("audio.url must begin with https://; upload other files as multipart/form-data");
    check_url(url, rules.urls);
    job.input.uri = url;
    const std::string path = url.substr(0, url.find_first_of("?#"));
    job.input.name = name.empty() ? path.substr(path.rfind('/') + 1).substr(0, 255) : name;
}

/// Two requests with one idempotency key must ask for the same.
std::string digest_of(const NewJob& job, const std::string& audio) {
    std::string all;
    const auto add = [&all](const std::string& text) { all += std::to_string(text.size()) + ":" + text; };
    for (const std::string& text : {audio, job.options, job.metadata, job.callback.url}) add(text);
    for (const std::string& type : job.callback.types) add(type);
    for (const std::string& secret : job.callback.secrets) add(secret);
    return sha256_hex(std::as_bytes(std::span(all)));
}

void set_extras(NewJob& job, const std::string& callback, const std::string& metadata, const JobRules& rules) {
    if (!callback.empty()) job.callback = callback_of(parse_json_input(callback, "callback"), rules);
    if (!metadata.empty()) job.metadata = parse_json_input(metadata, "metadata").dump();
}

bool is_option(const std::string& name) {
    const auto& all = transcribe_options();
    return std::any_of(all.begin(), all.end(), [&](const TranscribeOption& option) { return option.name == name; });
}

std::string field(const Upload& upload, const std::string& name) {
    const auto found = upload.fields.find(name);
    return found == upload.fields.end() ? "" : found->second;
}

}  // namespace

NewJob job_of_form(const Upload& upload, const std::string& job_id, const JobRules& rules) {
    NewJob job;
    job.id = job_id;
    OptionsDraft draft = rules.defaults;
    read_options_json(draft, field(upload, "options"));
    for (const auto& [name, value] : upload.fields) {
        if (is_option(name)) {
            read_option(draft, name, value);
        } else if (name != "audio" && name != "options" && name != "callback" && name != "metadata") {
            wrong(fmt::format(
                "the form has a field \"{}\", which means nothing here; it may have a file, audio, options, "
                "callback, metadata, and the options by their names",
                name.substr(0, 100)));
        }
    }
    job.options = write_options_json(finish_options(draft));
    set_extras(job, field(upload, "callback"), field(upload, "metadata"), rules);
    const std::string url = field(upload, "audio");
    if (upload.file.has_value() == !url.empty())
        wrong("the form must have either a file or a field audio with an address");
    if (upload.file) {
        job.input = {"object:" + upload.file->object.key, upload.file->name, "", upload.file->object.etag,
                     upload.file->object.size_bytes};
    } else {
        set_url(job, url, "", rules);
    }
    job.request_digest = digest_of(job, upload.file ? upload.file->sha256 : url);
    return job;
}

NewJob job_of_json(const std::string& text, const std::string& job_id, const JobRules& rules) {
    const json all = parse_json_input(text, "the body");
    check_names(all, "the body", {"audio", "options", "callback", "metadata"});
    NewJob job;
    job.id = job_id;
    const json audio = all.value("audio", json());
    check_names(audio, "audio", {"url", "name"});
    set_url(job, text_at(audio, "url", "audio"), text_at(audio, "name", "audio"), rules);
    OptionsDraft draft = rules.defaults;
    if (all.contains("options")) read_options_json(draft, all.at("options").dump());
    job.options = write_options_json(finish_options(draft));
    set_extras(job, all.contains("callback") ? all.at("callback").dump() : "",
               all.contains("metadata") ? all.at("metadata").dump() : "", rules);
    job.request_digest = digest_of(job, job.input.uri);
    return job;
}

NewJob job_of_upload(const std::string& text, const std::string& job_id, const JobRules& rules, int64_t longest_bytes) {
    const json all = parse_json_input(text, "the body");
    check_names(all, "the body", {"name", "size_bytes", "options", "callback", "metadata"});
    NewJob job;
    job.id = job_id;
    job.input.name = text_at(all, "name", "the body");
    if (job.input.name.empty() || job.input.name.size() > 255)
        wrong("the body needs a name of 1 to 255 bytes, that of the file");
    if (!all.contains("size_bytes") || !all.at("size_bytes").is_number_integer())
        wrong("the body needs size_bytes, the length of the file as a whole number");
    const auto& size = all.at("size_bytes");
    const uint64_t bytes = size.is_number_unsigned() ? size.get<uint64_t>() : 0;
    if (bytes == 0 || bytes > static_cast<uint64_t>(longest_bytes))
        wrong(fmt::format("size_bytes must be 1 to {}, which is as much as is taken", longest_bytes));
    job.input.size_bytes = static_cast<int64_t>(bytes);
    OptionsDraft draft = rules.defaults;
    if (all.contains("options")) read_options_json(draft, all.at("options").dump());
    job.options = write_options_json(finish_options(draft));
    set_extras(job, all.contains("callback") ? all.at("callback").dump() : "",
               all.contains("metadata") ? all.at("metadata").dump() : "", rules);
    job.request_digest = digest_of(job, job.input.name + "\n" + std::to_string(job.input.size_bytes));
    return job;
}

JobCallback callback_of_json(const std::string& text, const JobRules& rules) {
    return callback_of(parse_json_input(text, "the callback"), rules);
}

}  // namespace ft
