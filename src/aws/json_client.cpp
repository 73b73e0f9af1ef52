#include "aws/json_client.h"

namespace ft::aws {

JsonClient::JsonClient(std::shared_ptr<Session> session, Service service, std::string target, std::string version)
    : client_(std::move(session), std::move(service)), target_(std::move(target)), version_(std::move(version)) {}

nlohmann::json JsonClient::call(const Call& call, const nlohmann::json& input) {
    ServiceRequest request;
    request.operation = call.operation;
    request.target = call.about;
    request.repeatable = call.repeatable;
    request.timeout = call.timeout;
    request.headers.emplace_back("Content-Type", "application/x-amz-json-" + version_);
    request.headers.emplace_back("X-Amz-Target", target_ + "." + call.operation);
    try {
        request.body = input.dump();
    } catch (const nlohmann::json::exception&) {
        throw Error(ErrorCode::invalid_argument, "{} {} ({}): a text in it is not UTF-8; convert it first", name(),
                    call.operation, call.about);
    }
    const HttpResponse response = client_.call(request);
    if (response.body.empty()) return nlohmann::json::object();
    nlohmann::json json = nlohmann::json::parse(response.body, nullptr, false);
    if (!json.is_object()) throw_senseless_answer(name(), call.operation, response);
    return json;
}

std::string json_text(const nlohmann::json& json, const char* name) {
    const auto found = json.is_object() ? json.find(name) : json.end();
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace ft::aws
