#include "api_client.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "net/retry_after.h"
#include "server_address.h"

namespace ft {

namespace {

using nlohmann::json;

/// What the server says in its own form, or what can be said without.
std::string sentence_of(const HttpResponse& response, const ApiAccess& access, std::string& reason) {
    const json body = json::parse(response.body, nullptr, false);
    if (body.is_object() && body.contains("error") && body["error"].is_object()) {
        const json& error = body["error"];
        const auto text = [&error](const char* name) {
            return error.contains(name) && error[name].is_string() ? error[name].get<std::string>() : std::string();
        };
        reason = text("code");
        if (!text("message").empty()) return text("message");
    }
    // API Gateway's own words.
    if (access.signer && body.is_object() && body.value("message", json()).is_string())
        return fmt::format("{} answers {}: {}{}", access.url, response.status, body["message"].get<std::string>(),
                           response.status == 404 ? "; is the address right?" : "");
    return fmt::format("{} answers {}, and not in the way of {}; is the address right?", access.url, response.status,
                       access.signer ? "the cloud's API" : "fast-transcribe serve");
}

ErrorCode code_of(long status) {
    if (status == 401 || status == 403) return ErrorCode::permission;
    if (status == 404) return ErrorCode::not_found;
    if (status == 429 || status >= 500) return ErrorCode::network;
    return ErrorCode::bad_media;  // what was given is at fault, not how the command was called
}

/// What signs a request to AWS is its credentials: who refuses it means them.
[[noreturn]] void refuse(const HttpResponse& response, const ApiAccess& access, const Clock& clock) {
    const std::string& url = access.url;
    std::string reason;
    std::string sentence = sentence_of(response, access, reason);
    if (access.signer && response.status == 403 && reason.empty())
        sentence +=
            "; the AWS credentials in use may not call it, or have expired: attach the stack's client policy to them "
            "(docs/aws.md)";
    else if (!access.signer && response.status == 401)
        sentence = fmt::format("{} wants a key: give its file with --api_key_file, or set {}", url, api_key_variable);
    else if (!access.signer && !response.redirect_url.empty())
        sentence = fmt::format("{} leads to {}; give that address with --server", url, response.redirect_url);
    const auto wait = retry_after(response, static_cast<std::time_t>(clock.wall_ms() / 1000));
    throw ApiError(code_of(response.status), sentence, response.status, reason, wait ? wait->count() * 1000 : 0);
}

HttpOptions options_for(const ApiAccess& access) {
    HttpOptions options;
    options.longest_body = size_t{256} << 20;  // as much as the server gives of a result
    options.address_setting = "--server";
    options.use_proxy = !is_on_this_machine(access.url);
    return options;
}

}  // namespace

bool is_web_address(const std::string& audio) {
    return audio.starts_with("https://") || audio.starts_with("http://");
}

ApiClient::ApiClient(ApiAccess access, const Clock& clock, HttpTick tick)
    : access_(std::move(access)), clock_(clock), client_(options_for(access_), std::move(tick)) {}

std::string ApiClient::content_of(const HttpResponse& response) const {
    if (response.ok()) return response.body;
    if (response.failure == HttpFailure::none) refuse(response, access_, clock_);
    const bool nobody = response.failure == HttpFailure::unreachable || response.failure == HttpFailure::unresolved;
    throw Error(ErrorCode::network, "{} {}: {}{}", access_.url, nobody ? "cannot be reached" : "does not answer",
                response.failure_text,
                !nobody          ? ""
                : access_.signer ? "; is the stack's address right? deploy/aws/verify.sh looks at all of it"
                                 : "; is the server running? fast-transcribe serve starts one, --server names another");
}

HttpResponse ApiClient::ask(HttpRequest request) {
    request.url = access_.url + request.url;
    request.token = access_.key.reveal();
    return access_.signer ? ask_signed(request) : client_.send_once(request);
}

std::string ApiClient::send(HttpRequest request) {
    return content_of(ask(std::move(request)));
}

std::string ApiClient::get(const std::string& path) {
    HttpRequest request;
    request.url = path;
    request.timeout = answer_timeout;
    return send(request);
}

std::string ApiClient::post(const std::string& path, const std::string& body) {
    HttpRequest request;
    request.method = "POST";
    request.url = path;
    request.body = body;
    if (!body.empty()) request.headers = {"Content-Type: application/json"};
    request.timeout = answer_timeout;
    return send(request);
}

std::string ApiClient::result(const std::string& id, const std::string& format) {
    HttpRequest request;
    request.url = "/jobs/" + percent_encode(id) + "/result?format=" + percent_encode(format);
    request.timeout = answer_timeout;
    return access_.signer ? cloud_result(request) : send(request);
}

std::string ApiClient::send_form(UploadForm form, const std::string& idempotency_key) {
    HttpRequest request;
    request.method = "POST";
    request.url = "/jobs";
    request.headers = {"Content-Type: " + form.content_type(), "Idempotency-Key: " + idempotency_key};
    request.upload = form.upload();
    return send(request);
}

std::string ApiClient::make_job(const NewUpload& upload, std::istream& in) {
    if (access_.signer) return make_cloud_job(upload);
    const std::string& audio = upload.audio;
    if (audio == "-") return send_form(UploadForm(upload.fields, "stdin", in, -1), upload.idempotency_key);
    if (is_web_address(audio)) {
        FormFields fields = upload.fields;
        fields.emplace_back("audio", audio);
        return send_form(UploadForm(fields), upload.idempotency_key);
    }
    std::error_code error;
    const auto bytes = static_cast<int64_t>(std::filesystem::file_size(audio, error));
    std::ifstream file(audio, std::ios::binary);
    if (error || !file) throw Error(ErrorCode::io, "{}: cannot be read", audio);
    const std::string name = std::filesystem::path(audio).filename().string();
    return send_form(UploadForm(upload.fields, name, file, bytes), upload.idempotency_key);
}

}  // namespace ft
