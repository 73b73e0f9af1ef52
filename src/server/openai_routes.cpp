#include "server/openai_routes.h"

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "server/openai_request.h"
#include "server/openai_stream.h"
#include "server/results.h"

namespace ft {

namespace {

void cancel_unwanted(const ApiParts& parts, const std::string& id) {
    try {
        parts.store.cancel(id);
        spdlog::info("job {}: its client has gone; it is cancelled", id);
    } catch (const std::exception& error) {
        spdlog::warn("job {}: its client has gone, but it cannot be cancelled: {}", id, error.what());
    }
}

/// The job when it has ended.
Job await_end(const ApiParts& parts, const ApiRequest& request, const std::string& id) {
    for (;;) {
        Job job = find_job(parts.store, id);
        if (is_terminal(job.state)) return job;
        if (request.is_stopping())
            throw ApiRefusal(503, "stopping", "the server is being stopped; its next start goes on with job " + id, 5);
        if (!request.is_awaited()) {
            cancel_unwanted(parts, id);
            throw ApiRefusal(499, "client_gone", "the client has gone");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(follow_ms / 2));
    }
}

[[noreturn]] void throw_failure(const Job& job) {
    const JobError error = error_for_clients(job.error);
    const bool input_at_fault = job.state == JobState::failed;
    throw ApiRefusal(input_at_fault ? 400 : 500, error.code.empty() ? std::string(to_string(job.state)) : error.code,
                     error.message.empty() ? fmt::format("the job is {}", to_string(job.state)) : error.message);
}

ApiReply whole_reply(const ApiParts& parts, const OpenAiForm& form, const Job& job) {
    if (job.state != JobState::succeeded) throw_failure(job);
    if (form.response_format == "json") return json_reply(200, openai_json(read_result(job, parts.objects, "json")));
    if (form.response_format == "verbose_json")
        return json_reply(200, openai_verbose_json(read_result(job, parts.objects, "json"), form.verbose));
    const std::string format = form.response_format == "text" ? "txt" : form.response_format;
    ApiReply reply;
    reply.type = content_type_of(format);
    reply.body = read_result(job, parts.objects, format);
    return reply;
}

ApiReply streamed_reply(const ApiParts& parts, const std::string& id,
                        const std::shared_ptr<ClientLimits::Place>& place) {
    ApiReply reply;
    reply.type = "text/event-stream";
    reply.headers.emplace_back("Cache-Control", "no-store");
    reply.stream = [&parts, id, place](ReplySink& sink) {
        OpenAiStream stream(JobFollower(parts.store, parts.objects, parts.transcribe, id), parts.objects);
        const bool told = stream.run(sink) == OpenAiStream::End::told;
        if (!told && !sink.is_stopping()) cancel_unwanted(parts, id);
        return told;
    };
    return reply;
}

ApiReply transcribe(const ApiParts& parts, const ApiRequest& request, const std::string& task) {
    const std::shared_ptr<ClientLimits::Place> place = take_waiting_place(parts);
    OpenAiForm form;
    const Created created = create_job(parts, request, [&](const std::string& id) {
        form = read_openai_form(receive_upload(request, parts.objects, input_key(id), parts.uploads), id, task, parts);
        return form.job;
    });
    if (form.stream) return streamed_reply(parts, created.job.id, place);
    return whole_reply(parts, form, await_end(parts, request, created.job.id));
}

ApiReply show_model(const ApiParts& parts, const std::string& name) {
    const std::vector<std::string> names = openai_model_names(parts.engine());
    if (std::find(names.begin(), names.end(), name) == names.end())
        throw ApiRefusal(404, "model_not_found", fmt::format("this server has no model \"{}\"", name.substr(0, 100)));
    return json_reply(200, openai_model(name));
}

}  // namespace

std::vector<Route> openai_routes(const ApiParts& parts) {
    const auto with_task = [&parts](const char* task) {
        return [&parts, task](const ApiRequest& request, const PathParts&) { return transcribe(parts, request, task); };
    };
    return {
        {"POST", "/v1/audio/transcriptions", with_task("transcribe")},
        {"POST", "/v1/audio/translations", with_task("translate")},
        {"GET", "/v1/models",
         [&parts](const ApiRequest&, const PathParts&) {
             return json_reply(200, openai_models(openai_model_names(parts.engine())));
         }},
        {"GET", "/v1/models/{name}",
         [&parts](const ApiRequest&, const PathParts& path) { return show_model(parts, path[0]); }},
    };
}

}  // namespace ft
