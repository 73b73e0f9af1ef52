#include "aws/service_error.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "aws/xml.h"

namespace ft::aws {

namespace {

constexpr size_t kLongestMessage = 600;

std::string text_of(const nlohmann::json& json, const char* name) {
    return json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : "";
}

/// "com.amazonaws.dynamodb.v20120810#Name", "Name:http://…" → "Name"
std::string bare_code(std::string code) {
    code.erase(std::min(code.find(':'), code.size()));
    const size_t hash = code.find('#');
    return hash == std::string::npos ? code : code.substr(hash + 1);
}

/// One line, no control characters, not too long, and not cut inside of a UTF-8 sequence.
std::string tidy(std::string text, size_t longest) {
    // What follows is what we signed, secrets included.
    text.erase(std::min(text.find("The Canonical String for this request"), text.size()));
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    if (text.size() > longest) {
        size_t end = longest;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
        text.resize(end);
    }
    const size_t end = text.find_last_not_of(" .");
    text.erase(end == std::string::npos ? 0 : end + 1);
    return text;
}

std::string code_of_status(long status) {
    switch (status) {
        case 301:
            return "PermanentRedirect";
        case 304:
            return "NotModified";
        case 400:
            return "BadRequest";
        case 403:
            return "Forbidden";
        case 404:
            return "NotFound";
        case 409:
            return "Conflict";
        case 412:
            return "PreconditionFailed";
        case 416:
            return "InvalidRange";
        default:
            return "HTTP " + std::to_string(status);
    }
}

/// The element that holds Code and Message; null when the tree is no error.
const XmlElement* error_element(const XmlElement& root) {
    if (root.name == "Error" && root.child("Code") != nullptr) return &root;  // S3
    if (root.name == "Response" || root.name == "ErrorResponse") {
        if (const XmlElement* error = root.find("Errors/Error")) return error;  // EC2
        return root.find("Error");                                              // query services
    }
    return nullptr;
}

void read_xml(const std::string& body, ServiceError& error) {
    const std::optional<XmlElement> root = parse_xml(body);
    const XmlElement* element = root ? error_element(*root) : nullptr;
    if (element == nullptr) return;
    error.code = element->text_at("Code");
    error.message = element->text_at("Message");
    for (const char* name : {"RequestId", "RequestID"}) {
        for (const XmlElement* place : {element, &*root}) {
            if (error.request_id.empty()) error.request_id = place->text_at(name);
        }
    }
}

void read_json(const HttpResponse& response, ServiceError& error) {
    const nlohmann::json json = nlohmann::json::parse(response.body, nullptr, false);
    if (!json.is_object()) return;
    error.code = bare_code(text_of(json, "__type"));
    if (error.code.empty()) error.code = bare_code(text_of(json, "code"));
    error.message = text_of(json, "message");
    if (error.message.empty()) error.message = text_of(json, "Message");
    if (!json.contains("CancellationReasons") || !json["CancellationReasons"].is_array()) return;
    for (const nlohmann::json& reason : json["CancellationReasons"]) {
        error.reasons.push_back(reason.is_object() ? tidy(text_of(reason, "Code"), 100) : "");
    }
}

bool contains_any(const std::string& text, std::initializer_list<const char*> parts) {
    return std::any_of(parts.begin(), parts.end(), [&](const char* p) { return text.find(p) != std::string::npos; });
}

std::string advice(ErrorCode category, const ServiceError& error, const std::string& endpoint) {
    if (contains_any(error.code, {"Expired", "TokenRefreshRequired"})) {
        return "the credentials have expired: renew them and try again";
    }
    if (contains_any(error.code, {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"})) {
        return "the bucket is in another region: set AWS_REGION to that";
    }
    if (contains_any(error.code, {"TimeTooSkewed", "InTheFuture"})) return "set this machine's clock";
    if (contains_any(error.code, {"InvalidClientTokenId", "UnrecognizedClient", "InvalidAccessKeyId", "AuthFailure",
                                  "SignatureDoesNotMatch", "InvalidSignature"})) {
        return "the keys are not accepted: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or "
               "the profile";
    }
    switch (category) {
        case ErrorCode::permission:
            return "let the role or user in use do this, in its policy";
        case ErrorCode::not_found:
            return "check its name, the region and the account";
        case ErrorCode::network:
            return "try again later; if it stays so, check the network and what answers at " + endpoint;
        default:
            return "check the request";
    }
}

const char* symptom(HttpFailure failure) {
    switch (failure) {
        case HttpFailure::unresolved:
            return "is not a host that can be found";
        case HttpFailure::unreachable:
            return "takes no connection";
        case HttpFailure::untrusted:
            return "has a certificate that is not trusted";
        case HttpFailure::timed_out:
            return "did not answer in time";
        case HttpFailure::refused:
            return "answers with more than is taken";
        default:
            return "broke the connection off";
    }
}

const char* remedy(HttpFailure failure) {
    switch (failure) {
        case HttpFailure::untrusted:
            return "install ca-certificates, set the clock, or set AWS_CA_BUNDLE to your network's certificates";
        case HttpFailure::refused:
            return "ask for less at once, a range of an object for instance";
        default:
            return "check the network, the proxy (https_proxy), the region and AWS_ENDPOINT_URL";
    }
}

std::string describe(const AwsError::Call& call) {
    return call.service + " " + call.operation + (call.target.empty() ? "" : " (" + call.target + ")");
}

}  // namespace

ServiceError read_service_error(const HttpResponse& response) {
    ServiceError error;
    const size_t begin = response.body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    const char first = begin == std::string::npos ? '\0' : response.body[begin];
    if (first == '<') read_xml(response.body, error);
    if (first == '{') read_json(response, error);
    if (error.code.empty()) error.code = bare_code(response.header("x-amzn-errortype"));
    const std::string type = response.header("content-type");
    if (error.code.empty() && error.message.empty() && first != '\0' && type.find("amz-json") == std::string::npos) {
        error.message = type.empty() ? "the answer is not AWS's" : "the answer is not AWS's (" + type + ")";
    }
    if (error.code.empty()) error.code = code_of_status(response.status);
    for (const char* name : {"x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"}) {
        if (error.request_id.empty()) error.request_id = response.header(name);
    }
    error.code = tidy(error.code, 100);
    if (error.code.empty()) error.code = code_of_status(response.status);
    error.message = tidy(error.message, kLongestMessage);
    error.request_id = tidy(error.request_id, 100);
    return error;
}

bool is_error_in_disguise(std::string_view body) {
    // Cheap look first: answers may have megabytes.
    body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
    const std::string_view begin = body.substr(0, 4096);
    if (begin.find("<Error>") == std::string_view::npos && begin.find("<Error ") == std::string_view::npos &&
        begin.find("<Errors>") == std::string_view::npos && begin.find("<ErrorResponse") == std::string_view::npos) {
        return false;
    }
    const std::optional<XmlElement> root = parse_xml(body);
    return root && error_element(*root) != nullptr;
}

ErrorCode category_of(const ServiceError& error, long status) {
    const std::string& code = error.code;
    if (status == 0 || status >= 500 || status == 429 || status == 408) return ErrorCode::network;
    if (contains_any(code, {"Throttl", "RequestLimitExceeded", "SlowDown", "ProvisionedThroughputExceeded",
                            "TooManyRequests", "InsufficientInstanceCapacity"})) {
        return ErrorCode::network;
    }
    if (contains_any(code, {"AccessDenied", "Unauthorized", "AuthFailure", "Expired", "InvalidClientTokenId",
                            "Signature", "UnrecognizedClient", "InvalidAccessKeyId", "NotAuthorized", "OptInRequired",
                            "TimeTooSkewed", "InTheFuture", "MissingAuthenticationToken", "InvalidToken"}) ||
        status == 401 || status == 403) {
        return ErrorCode::permission;
    }
    if (contains_any(code, {"NotFound", "NoSuch", "NonExistent", "QueueDoesNotExist"}) || status == 404) {
        return ErrorCode::not_found;
    }
    return ErrorCode::invalid_argument;
}

void throw_aws_error(const AwsError::Call& call, const ServiceError& error, const HttpResponse& response,
                     const std::string& endpoint) {
    const std::string tries = call.attempts > 1 ? fmt::format(", {} attempts", call.attempts) : "";
    if (response.failure != HttpFailure::none) {
        throw AwsError(ErrorCode::network,
                       fmt::format("{}: {} {} ({}{}); {}", describe(call), host_of(endpoint), symptom(response.failure),
                                   response.failure_text, tries, remedy(response.failure)),
                       call, error, 0);
    }
    const ErrorCode category = category_of(error, response.status);
    const std::string id = error.request_id.empty() ? "" : ", request " + error.request_id;
    throw AwsError(category,
                   fmt::format("{}: {} (HTTP {}{}{}){}{}; {}", describe(call), error.code, response.status, id, tries,
                               error.message.empty() ? "" : ": ", error.message, advice(category, error, endpoint)),
                   call, error, response.status);
}

void throw_senseless_answer(const std::string& service, const std::string& operation, const HttpResponse& response) {
    ServiceError error;
    error.code = "SenselessAnswer";
    AwsError::Call call{service, operation, "", 1, true};
    throw AwsError(
        ErrorCode::network,
        fmt::format("{}: {} answers HTTP {} with something that is not {}'s answer; check what answers there, "
                    "and AWS_ENDPOINT_URL",
                    describe(call), host_of(response.url), response.status, service),
        call, error, response.status);
}

}  // namespace ft::aws
