#include "aws/query_client.h"

#include "aws/encoding.h"

namespace ft::aws {

std::string QueryForm::encoded() const {
    std::string text;
    for (const auto& [name, value] : fields_) {
        text += (text.empty() ? "" : "&") + form_encode(name) + "=" + form_encode(value);
    }
    return text;
}

QueryClient::QueryClient(std::shared_ptr<Session> session, Service service, std::string version)
    : client_(std::move(session), std::move(service)), version_(std::move(version)) {}

XmlElement QueryClient::call(const Call& call, const QueryForm& form) {
    ServiceRequest request;
    request.operation = call.operation;
    request.target = call.about;
    request.repeatable = call.repeatable;
    request.timeout = call.timeout;
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    QueryForm first;
    first.add("Action", call.operation).add("Version", version_);
    const std::string fields = form.encoded();
    request.body = first.encoded() + (fields.empty() ? "" : "&" + fields);
    const HttpResponse response = client_.call(request);
    std::optional<XmlElement> root = parse_xml(response.body);
    if (!root || root->name != call.operation + "Response") {
        throw_senseless_answer(client_.service().name, call.operation, response);
    }
    return std::move(*root);
}

}  // namespace ft::aws
