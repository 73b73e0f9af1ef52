#include "cloud/cloud_api.h"

#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "base/base64.h"
#include "base/dump_json.h"
#include "base/text.h"
#include "cloud/reap_policy.h"
#include "cloud/upload_key.h"
#include "server/job_actions.h"
#include "server/job_view.h"
#include "server/results.h"
#include "transcript/writers.h"

namespace ft::cloud {

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t longest_body = size_t{256} << 10, longest_key = 200;
/// A form may be sent in its last second, and its event comes later.
constexpr int64_t upload_grace_ms = 600000;

std::string idempotency_key(const ApiRequest& request) {
    const std::string key = request.header("idempotency-key");
    if (key.size() > longest_key)
        throw ApiRefusal(400, "invalid_argument",
                         fmt::format("Idempotency-Key has more than {} characters", longest_key));
    return key.empty() ? "" : request.client + ":" + key;
}

/// {"job": …, "upload": {"url", "fields"}}; no upload once the recording has come.
Json created_json(const CloudApiParts& parts, const Job& job) {
    Json json = {{"job", Json::parse(job_view(job))}, {"upload", nullptr}};
    const auto key = parts.uploads.key_of(job.input.uri);
    if (!key || !is_awaited(job)) return json;
    const UploadForm form = parts.links.upload(*key, job.input.size_bytes);
    json["upload"] = {{"url", form.url}, {"fields", form.fields}};
    return json;
}

ApiReply post_job(const CloudApiParts& parts, const ApiRequest& request) {
    const std::string id = make_job_id();
    NewJob wanted =
        job_of_upload(read_whole_body(request, longest_body), id, parts.rules, parts.settings.longest_upload);
    wanted.idempotency_key = idempotency_key(request);
    wanted.input.uri = parts.uploads.uri_of(api_upload_key(id, wanted.input.name));
    wanted.not_before_ms = parts.clock.wall_ms() + parts.settings.link.count() * 1000 + upload_grace_ms;
    const Created created = parts.store.create(wanted);
    if (created.kind == Created::Kind::conflict)
        throw ApiRefusal(409, "idempotency_conflict",
                         "this Idempotency-Key was used for another request: " + created.job.id);
    ApiReply reply = json_reply(201, dump_json(created_json(parts, created.job)) + "\n");
    reply.headers.emplace_back("Location", "/v1/jobs/" + created.job.id);
    if (created.kind == Created::Kind::existing) reply.headers.emplace_back("Idempotent-Replayed", "true");
    return reply;
}

/// Text goes from S3 to the client: no function's memory, no limit of its answer.
ApiReply get_result(const CloudApiParts& parts, const ApiRequest& request, const std::string& id) {
    const Job job = find_job(parts.store, id);
    const std::string given = request.parameter("format"), format = given.empty() ? "json" : given;
    const std::string key = result_key(job, format);
    const std::string stem = job.input.name.substr(0, job.input.name.rfind('.'));
    const std::string url = parts.links.download(key, stem + "." + file_extension(format));
    ApiReply reply = json_reply(302, dump_json(Json{{"url", url}}) + "\n");
    reply.headers.emplace_back("Location", url);
    return reply;
}

std::map<std::string, std::string> query_of(const std::string& text) {
    std::map<std::string, std::string> query;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('&', begin), text.size());
        const std::string part = text.substr(begin, end - begin);
        const size_t equals = std::min(part.find('='), part.size());
        query.emplace(aws::form_decode(part.substr(0, equals)),
                      aws::form_decode(part.substr(std::min(equals + 1, part.size()))));
        begin = end + 1;
    }
    return query;
}

std::string text_at(const nlohmann::json& object, const nlohmann::json::json_pointer& at) {
    return object.contains(at) && object.at(at).is_string() ? object.at(at).get<std::string>() : "";
}

ApiRequest request_of(const nlohmann::json& event) {
    using Pointer = nlohmann::json::json_pointer;
    ApiRequest request;
    request.method = text_at(event, Pointer("/requestContext/http/method"));
    request.path = aws::percent_decode(text_at(event, Pointer("/rawPath")));
    // Behind the stage's name, where the stage has one.
    const std::string stage = text_at(event, Pointer("/requestContext/stage"));
    if (!stage.empty() && stage != "v1" && request.path.starts_with("/" + stage + "/"))
        request.path.erase(0, stage.size() + 1);
    if (request.path.starts_with("/v1/")) request.path.erase(0, 3);
    request.query = query_of(text_at(event, Pointer("/rawQueryString")));
    if (event.contains("headers") && event.at("headers").is_object()) {
        for (const auto& [name, value] : event.at("headers").items()) {
            if (value.is_string()) request.headers.emplace(lower_ascii(name), value.get<std::string>());
        }
    }
    request.client = text_at(event, Pointer("/requestContext/authorizer/iam/userArn"));
    if (request.client.empty()) request.client = "anybody";
    std::string body = text_at(event, Pointer("/body"));
    const bool encoded = event.contains("isBase64Encoded") && event.at("isBase64Encoded") == true;
    if (encoded) body = from_base64(body).value_or("");
    request.body_bytes = static_cast<int64_t>(body.size());
    request.read_body = [body](const std::function<void(std::string_view)>& sink) { sink(body); };
    return request;
}

}  // namespace

std::vector<Route> cloud_routes(const CloudApiParts& parts) {
    JobStore& store = parts.store;
    const auto with_id = [&store](ApiReply (*function)(JobStore&, const std::string&)) {
        return [&store, function](const ApiRequest&, const PathParts& path) { return function(store, path[0]); };
    };
    return {
        {"POST", "/jobs", [parts](const ApiRequest& request, const PathParts&) { return post_job(parts, request); }},
        {"GET", "/jobs", [&store](const ApiRequest& request, const PathParts&) { return list_jobs(store, request); }},
        {"GET", "/jobs/{id}",
         [&store](const ApiRequest&, const PathParts& path) {
             return json_reply(200, job_view(find_job(store, path[0])));
         }},
        {"GET", "/jobs/{id}/result",
         [parts](const ApiRequest& request, const PathParts& path) { return get_result(parts, request, path[0]); }},
        {"POST", "/jobs/{id}/cancel", with_id(cancel_job)},
        {"POST", "/jobs/{id}/retry", with_id(retry_job)},
        {"GET", "/jobs/{id}/deliveries", with_id(list_deliveries)},
        {"POST", "/jobs/{id}/deliveries/replay",
         [&store](const ApiRequest& request, const PathParts& path) {
             return replay_deliveries(store, request, path[0]);
         }},
    };
}

std::string answer_gateway(const Router& router, std::string_view payload) {
    const auto event = nlohmann::json::parse(payload, nullptr, false);
    if (!event.is_object() || !event.contains("rawPath"))
        throw Error(ErrorCode::invalid_argument,
                    "this event is no request of an HTTP API (payload format 2.0): connect one to this function");
    const ApiRequest request = request_of(event);
    const ApiReply reply = router.handle(request);
    Json headers = {{"content-type", reply.type}, {"cache-control", "no-store"}};
    for (const auto& [name, value] : reply.headers) headers[lower_ascii(name)] = value;
    return dump_json(
        Json{{"statusCode", reply.status}, {"headers", headers}, {"body", reply.body}, {"isBase64Encoded", false}});
}

}  // namespace ft::cloud
