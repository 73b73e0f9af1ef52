#pragma once
// The form of OpenAI's audio API → a job and how to answer.
#include <string>

#include "jobs/job.h"
#include "server/api_parts.h"
#include "server/openai_format.h"
#include "server/upload.h"

namespace ft {

struct OpenAiForm {
    NewJob job;
    std::string response_format = "json";  ///< json, verbose_json, text, srt, vtt
    VerboseParts verbose;
    bool stream = false;
};

/// `task`: transcribe or translate. Throws Error{invalid_argument, unsupported} with a sentence for every field that we
/// do not know or cannot honour, ApiRefusal{404} for a model that is not the one we have.
OpenAiForm read_openai_form(const Upload& upload, const std::string& job_id, const std::string& task,
                            const ApiParts& parts);

/// Names under which the model answers.
std::vector<std::string> openai_model_names(const EngineStatus& engine);

}  // namespace ft
