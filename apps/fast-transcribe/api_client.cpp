#include "api_client.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "aws/service_error.h"
#include "base/dump_json.h"
#include "base/file.h"
#include "base/text.h"
#include "net/ip_address.h"
#include "net/retry_after.h"
#include "net/url.h"

namespace ft {

namespace {

using nlohmann::json;

constexpr const char* default_server = "http://127.0.0.1:8080";
constexpr const char* server_variable = "FAST_TRANSCRIBE_SERVER";
constexpr const char* key_variable = "FAST_TRANSCRIBE_API_KEY";
constexpr std::chrono::seconds answer_timeout{60};

bool is_this_machine(const std::string& host) {
    if (host == "localhost" || host == "[::1]") return true;
    const auto address = parse_ip(host);
    return address && !address->is_v6 && address->bytes[0] == 127;
}

/// "http://host:port/path/" without what ends it.
std::string checked_url(std::string url, const std::string& origin) {
    while (url.ends_with('/')) url.pop_back();
    const auto parts = parse_url(url);
    const bool good = parts && (parts->scheme == "http" || parts->scheme == "https") && !parts->host.empty() &&
                      !parts->has_user && url.find_first_of("?# \t\r\n") == std::string::npos;
    if (!good)
        throw Error(ErrorCode::invalid_argument,
                    "{} {}: must be the address of a server, such as http://127.0.0.1:8080 or https://example.org/asr",
                    origin, url);
    return url;
}

Secret checked_key(const std::string& text, const std::string& origin) {
    const std::string key = trimmed(text);
    if (key.empty() || key.find_first_of(" \t\r\n") != std::string::npos)
        throw Error(ErrorCode::invalid_argument, "{}: must hold one key, and nothing else", origin);
    return Secret(key);
}

/// What the server says in its own form, or what can be said without.
std::string sentence_of(const HttpResponse& response, const std::string& url, std::string& reason) {
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
    if (body.is_object() && body.contains("message") && body["message"].is_string())
        return fmt::format("{} answers {}: {}", url, response.status, body["message"].get<std::string>());
    return fmt::format("{} answers {}, and not in the way of fast-transcribe serve; is the address right?", url,
                       response.status);
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
    std::string sentence = sentence_of(response, url, reason);
    if (access.signer && response.status == 403 && reason.empty())
        sentence +=
            "; the AWS credentials in use may not call it: attach the stack's client policy to them (docs/aws.md)";
    else if (!access.signer && response.status == 401)
        sentence = fmt::format("{} wants a key: give its file with --api_key_file, or set {}", url, key_variable);
    if (!response.redirect_url.empty() && !access.signer)
        sentence = fmt::format("{} leads to {}; give that address with --server", url, response.redirect_url);
    const auto wait = retry_after(response, static_cast<std::time_t>(clock.wall_ms() / 1000));
    throw ApiError(code_of(response.status), sentence, response.status, reason, wait ? wait->count() * 1000 : 0);
}

std::string content_of(const HttpResponse& response, const ApiAccess& access, const Clock& clock) {
    if (response.ok()) return response.body;
    if (response.failure == HttpFailure::none) refuse(response, access, clock);
    const std::string& url = access.url;
    const bool nobody = response.failure == HttpFailure::unreachable || response.failure == HttpFailure::unresolved;
    throw Error(ErrorCode::network, "{} {}: {}{}", url, nobody ? "cannot be reached" : "does not answer",
                response.failure_text,
                !nobody         ? ""
                : access.signer ? "; is the stack's address right? deploy/aws/verify.sh looks at all of it"
                                : "; is the server running? fast-transcribe serve starts one, --server names another");
}

HttpOptions options_for(const ApiAccess& access) {
    HttpOptions options;
    options.longest_body = size_t{256} << 20;  // as much as the server gives of a result
    options.address_setting = "--server";
    options.use_proxy = !is_this_machine(host_of(access.url));
    return options;
}

/// The fields as the job's JSON: what is JSON itself stays so, options are texts as on the command line.
json cloud_request(const ApiClient::NewUpload& upload, const std::string& name, int64_t bytes) {
    json request = {{"name", name}, {"size_bytes", bytes}};
    for (const auto& [field, value] : upload.fields) {
        if (field == "callback" || field == "metadata")
            request[field] = json::parse(value);
        else
            request["options"][field] = value;
    }
    return request;
}

/// What S3 says in XML when it does not take a recording.
[[noreturn]] void refuse_upload(const HttpResponse& response, const std::string& audio) {
    if (response.failure != HttpFailure::none)
        throw Error(ErrorCode::network, "{}: the upload to S3 broke off: {}", audio, response.failure_text);
    const aws::ServiceError error = aws::read_service_error(response);
    throw ApiError(
        response.status >= 500 ? ErrorCode::network : ErrorCode::bad_media,
        fmt::format("S3 does not take the recording: {} (HTTP {}): {}", error.code, response.status, error.message),
        response.status, error.code, 0);
}

}  // namespace

bool is_web_address(const std::string& audio) {
    return audio.starts_with("https://") || audio.starts_with("http://");
}

std::vector<Flag> api_access_flags(ApiAccessFlags& gathered) {
    const char* const group = "Server";
    return {
        {"server", 0, "URL", group,
         std::string("where fast-transcribe serve listens (default $") + server_variable + ", else " + default_server +
             ")",
         [&gathered](const std::string& text) { gathered.server = text.empty() ? " " : text; }},
        {"cloud", 0, "", group,
         "the server is a stack on AWS: requests are signed with your AWS credentials (docs/aws.md); its address: "
         "--server, $FT_CLOUD_URL, or as deploy/aws/setup_infrastructure.sh has noted it",
         [&gathered](const std::string& text) { gathered.cloud = text == "true"; }},
        {"api_key_file", 0, "FILE", group,
         std::string("holds the key, where the server wants one (default: the key itself in $") + key_variable + ")",
         [&gathered](const std::string& text) {
             if (text.empty()) throw Error(ErrorCode::invalid_argument, "--api_key_file: needs a name");
             gathered.key_file = text;
         }},
    };
}

ApiAccess find_api_access(const ApiAccessFlags& flags, const std::function<std::string(const char* name)>& variable) {
    ApiAccess access;
    if (flags.cloud) {
        const CloudAddress address = find_cloud(flags.server, variable);
        access.url = address.url;
        access.signer = std::make_shared<CloudSigner>(address, variable);
        return access;
    }
    const std::string named = variable(server_variable);
    access.url = !flags.server.empty() ? checked_url(flags.server, "--server")
                 : !named.empty()      ? checked_url(named, "$" + std::string(server_variable))
                                       : default_server;
    if (!flags.key_file.empty()) {
        access.key = checked_key(read_file(flags.key_file, size_t{64} << 10), flags.key_file);
    } else if (const std::string key = variable(key_variable); !key.empty()) {
        access.key = checked_key(key, "$" + std::string(key_variable));
    }
    return access;
}

bool is_key_exposed(const ApiAccess& access) {
    return !access.key.empty() && access.url.starts_with("http://") && !is_this_machine(host_of(access.url));
}

ApiClient::ApiClient(ApiAccess access, const Clock& clock, HttpTick tick)
    : access_(std::move(access)), clock_(clock), client_(options_for(access_), std::move(tick)) {}

HttpResponse ApiClient::ask(HttpRequest request) {
    request.url = access_.url + request.url;
    request.token = access_.key.reveal();
    if (access_.signer) access_.signer->sign(request);
    return client_.send_once(request);
}

std::string ApiClient::send(HttpRequest request) {
    return content_of(ask(std::move(request)), access_, clock_);
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
    const HttpResponse response = ask(request);
    if (!access_.signer || response.redirect_url.empty()) return content_of(response, access_, clock_);
    // A presigned address is permission enough: a second signature would make S3 refuse it.
    request.url = response.redirect_url;
    const HttpResponse content = client_.send_once(request);
    if (content.ok()) return content.body;
    if (content.failure != HttpFailure::none)
        throw Error(ErrorCode::network, "{}: the transcript does not come from S3: {}", id, content.failure_text);
    const aws::ServiceError error = aws::read_service_error(content);
    throw Error(code_of(content.status), "{}: S3 does not give the transcript: {} (HTTP {}): {}", id, error.code,
                content.status, error.message);
}

std::string ApiClient::send_form(UploadForm form, const std::string& idempotency_key) {
    HttpRequest request;
    request.method = "POST";
    request.url = "/jobs";
    request.headers = {"Content-Type: " + form.content_type(), "Idempotency-Key: " + idempotency_key};
    request.upload = form.upload();
    return send(request);
}

/// A form of S3's: its fields first, the file last and of the size that was announced. Its name stays with the job.
void ApiClient::upload_to_bucket(const std::string& url, const FormFields& fields, const std::string& audio,
                                 int64_t bytes) {
    std::ifstream file(audio, std::ios::binary);
    if (!file) throw Error(ErrorCode::io, "{}: cannot be read", audio);
    UploadForm form(fields, "audio", file, bytes);
    HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = {"Content-Type: " + form.content_type()};
    request.upload = form.upload();
    const HttpResponse response = client_.send_once(request);
    if (!response.ok()) refuse_upload(response, audio);
}

std::string ApiClient::make_cloud_job(const NewUpload& upload) {
    const std::string& audio = upload.audio;
    if (audio == "-")
        throw Error(ErrorCode::invalid_argument,
                    "-: the cloud must know a recording's size before it comes; save it to a file first");
    if (is_web_address(audio))
        throw Error(ErrorCode::invalid_argument,
                    "{}: the cloud fetches no addresses; download it and give the file, or use a server", audio);
    std::error_code error;
    const auto bytes = static_cast<int64_t>(std::filesystem::file_size(audio, error));
    if (error) throw Error(ErrorCode::io, "{}: cannot be read", audio);
    HttpRequest request;
    request.method = "POST";
    request.url = "/jobs";
    request.body = dump_json(cloud_request(upload, std::filesystem::path(audio).filename().string(), bytes));
    request.headers = {"Content-Type: application/json", "Idempotency-Key: " + upload.idempotency_key};
    request.timeout = answer_timeout;
    const json answer = json::parse(send(request), nullptr, false);
    const json form = answer.is_object() ? answer.value("upload", json()) : json();
    const bool uploads =
        form.is_object() && form.value("url", json()).is_string() && form.value("fields", json()).is_object();
    if (!answer.is_object() || !answer.contains("job") || (!form.is_null() && !uploads))
        throw Error(ErrorCode::network, "{} does not answer as the cloud's API does; is the address right?", url());
    // Without a form the recording has come already, with a try whose answer was lost.
    if (uploads) {
        FormFields fields;
        for (const auto& [name, value] : form["fields"].items())
            fields.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
        upload_to_bucket(form["url"], fields, audio, bytes);
    }
    return answer["job"].dump();
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
