// The cloud's API (docs/aws.md): requests are signed, recordings go to S3 by a form, transcripts come from there.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "api_client.h"
#include "aws/service_error.h"
#include "base/dump_json.h"

namespace ft {

namespace {

using nlohmann::json;

/// The fields as the job's JSON: what is JSON itself stays so, options are texts as on the command line.
json job_request(const ApiClient::NewUpload& upload, const std::string& name, int64_t bytes) {
    json request = {{"name", name}, {"size_bytes", bytes}};
    for (const auto& [field, value] : upload.fields) {
        if (field == "callback" || field == "metadata")
            request[field] = json::parse(value);
        else
            request["options"][field] = value;
    }
    return request;
}

/// What S3 says, in XML, when it does not do what was asked.
[[noreturn]] void refuse_as_s3(const HttpResponse& response, const std::string& what) {
    if (response.failure != HttpFailure::none) throw Error(ErrorCode::network, "{}: {}", what, response.failure_text);
    const aws::ServiceError error = aws::read_service_error(response);
    const bool passing = aws::category_of(error, response.status) == ErrorCode::network;
    throw ApiError(passing ? ErrorCode::network : ErrorCode::bad_media,
                   fmt::format("{}: {} (HTTP {}){}{}", what, error.code, response.status,
                               error.message.empty() ? "" : ": ", error.message),
                   response.status, error.code, 0);
}

int64_t size_to_announce(const std::string& audio) {
    if (audio == "-")
        throw Error(ErrorCode::invalid_argument,
                    "-: the cloud must know a recording's size before it comes; save it to a file first");
    if (is_web_address(audio))
        throw Error(ErrorCode::invalid_argument,
                    "{}: the cloud fetches no addresses; download it and give the file, or use a server", audio);
    std::error_code error;
    const auto bytes = static_cast<int64_t>(std::filesystem::file_size(audio, error));
    if (error) throw Error(ErrorCode::io, "{}: cannot be read: {}", audio, error.message());
    if (bytes == 0) throw Error(ErrorCode::bad_media, "{}: is empty", audio);
    return bytes;
}

FormFields fields_of(const json& form) {
    FormFields fields;
    for (const auto& [name, value] : form["fields"].items())
        fields.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    return fields;
}

}  // namespace

HttpResponse ApiClient::ask_signed(const HttpRequest& request) {
    HttpRequest signed_request = request;
    access_.signer->sign(signed_request);
    const HttpResponse response = client_.send_once(signed_request);
    // A signature of another time is refused like one of another key.
    if (response.status != 403 || !access_.signer->correct_clock(response)) return response;
    signed_request = request;
    access_.signer->sign(signed_request);
    return client_.send_once(signed_request);
}

std::string ApiClient::cloud_result(const HttpRequest& request) {
    for (bool is_first = true;; is_first = false) {
        const HttpResponse answer = ask(request);
        if (answer.redirect_url.empty()) return content_of(answer);
        // A presigned address is permission enough: a second signature would make S3 refuse it.
        HttpRequest get;
        get.url = answer.redirect_url;
        const HttpResponse content = client_.send_once(get);
        if (content.ok()) return content.body;
        // It is valid for a while, and no longer than the credentials it was signed with.
        if (content.status != 403 || !is_first) refuse_as_s3(content, "S3 does not give the transcript");
    }
}

std::string ApiClient::make_cloud_job(const NewUpload& upload) {
    const int64_t bytes = size_to_announce(upload.audio);
    const std::string name = std::filesystem::path(upload.audio).filename().string();
    HttpRequest request;
    request.method = "POST";
    request.url = "/jobs";
    request.body = dump_json(job_request(upload, name, bytes));
    request.headers = {"Content-Type: application/json", "Idempotency-Key: " + upload.idempotency_key};
    request.timeout = answer_timeout;
    const json answer = json::parse(send(request), nullptr, false);
    const json form = answer.is_object() ? answer.value("upload", json()) : json();
    const bool uploads =
        form.is_object() && form.value("url", json()).is_string() && form.value("fields", json()).is_object();
    if (!answer.is_object() || !answer.contains("job") || (!form.is_null() && !uploads))
        throw Error(ErrorCode::network, "{} does not answer as the cloud's API does; is the address right?", url());
    // Without a form the recording has come already, with a try whose answer was lost.
    if (uploads) upload_to_bucket(form["url"], fields_of(form), upload.audio, bytes);
    return answer["job"].dump();
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
    if (!response.ok()) refuse_as_s3(response, "S3 does not take the recording");
}

}  // namespace ft
