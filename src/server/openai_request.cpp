#include "server/openai_request.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace ft {

namespace {

const char* const alias = "whisper-1";

void check_model(const std::string& wanted, const EngineStatus& engine) {
    const std::vector<std::string> names = openai_model_names(engine);
    // Which one it is turns out when it is loaded; whoever names none gets it too.
    if (wanted.empty() || engine.model.empty() || std::find(names.begin(), names.end(), wanted) != names.end()) return;
    throw ApiRefusal(
        404, "model_not_found",
        fmt::format("this server has no model \"{}\"; it has {}", wanted.substr(0, 100), fmt::join(names, ", ")));
}

std::string checked_format(const std::string& format) {
    for (const char* known : {"json", "verbose_json", "text", "srt", "vtt"}) {
        if (format == known) return format;
    }
    throw Error(ErrorCode::invalid_argument, "response_format {}: choose json, verbose_json, text, srt or vtt",
                format.substr(0, 40));
}

VerboseParts checked_granularities(const std::set<std::string>& wanted, const std::string& format, Upload& job_form) {
    if (format != "verbose_json")
        throw Error(ErrorCode::invalid_argument,
                    "timestamp_granularities: goes with response_format verbose_json only");
    for (const std::string& granularity : wanted) {
        if (granularity != "word" && granularity != "segment")
            throw Error(ErrorCode::invalid_argument, "timestamp_granularities {}: choose word or segment",
                        granularity.substr(0, 40));
    }
    VerboseParts parts{wanted.count("segment") > 0, wanted.count("word") > 0};
    if (parts.words) job_form.fields["word_timestamps"] = "True";
    return parts;
}

bool checked_stream(const std::string& value) {
    const std::string word = lower_ascii(value);
    if (word != "true" && word != "false" && !word.empty())
        throw Error(ErrorCode::invalid_argument, "stream {}: must be true or false", value.substr(0, 40));
    return word == "true";
}

}  // namespace

std::vector<std::string> openai_model_names(const EngineStatus& engine) {
    std::vector<std::string> names;
    if (!engine.model.empty()) {
        // A model that was given as a folder is called as the folder is: clients need not know our paths.
        const size_t slash =
            engine.model.front() == '/' || engine.model.front() == '.' ? engine.model.rfind('/') : std::string::npos;
        names.push_back(slash == std::string::npos ? engine.model : engine.model.substr(slash + 1));
    }
    if (names.empty() || names.front() != alias) names.emplace_back(alias);
    return names;
}

OpenAiForm read_openai_form(const Upload& upload, const std::string& job_id, const std::string& task,
                            const ApiParts& parts) {
    OpenAiForm form;
    Upload job_form;  // the same in our own words
    job_form.file = upload.file;
    if (!upload.file) throw Error(ErrorCode::invalid_argument, "file: the form has none");
    for (const auto& [name, value] : upload.fields) {
        if (name == "model") {
            check_model(value, parts.engine());
        } else if (name == "language" && !value.empty()) {
            job_form.fields["language"] = value;
        } else if (name == "prompt") {
            job_form.fields["initial_prompt"] = value;
        } else if (name == "temperature" && !value.empty()) {
            job_form.fields["temperature"] = value;
        } else if (name == "response_format") {
            form.response_format = checked_format(value);
        } else if (name == "stream") {
            form.stream = checked_stream(value);
        } else if (!value.empty() && name != "chunking_strategy" && name != "timestamp_granularities[]" &&
                   name != "timestamp_granularities") {
            throw Error(ErrorCode::invalid_argument, "{}: this server does not know this field, or not here",
                        name.substr(0, 100));
        }
    }
    for (const char* name : {"timestamp_granularities[]", "timestamp_granularities"}) {
        const auto wanted = upload.lists.find(name);
        if (wanted != upload.lists.end())
            form.verbose = checked_granularities(wanted->second, form.response_format, job_form);
    }
    job_form.fields["task"] = task;
    form.job = job_of_form(job_form, job_id, parts.rules);
    return form;
}

}  // namespace ft
