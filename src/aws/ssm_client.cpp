#include "aws/ssm_client.h"

#include "aws/json_client.h"

namespace ft::aws {

namespace {

int64_t version_of(const nlohmann::json& json) {
    return json.is_object() && json.contains("Version") && json["Version"].is_number_integer()
               ? json["Version"].get<int64_t>()
               : 0;
}

}  // namespace

struct SsmClient::State {
    JsonClient client;

    nlohmann::json call(const std::string& operation, const std::string& name, const nlohmann::json& input) {
        return client.call({operation, "parameter " + name, true, std::chrono::seconds(30)}, input);
    }
};

SsmClient::SsmClient(std::shared_ptr<Session> session)
    : state_(std::make_unique<State>(
          State{JsonClient(std::move(session), {"SSM", "ssm", "SSM", "ssm"}, "AmazonSSM", "1.1")})) {}
SsmClient::~SsmClient() = default;
SsmClient::SsmClient(SsmClient&&) noexcept = default;

std::optional<Parameter> SsmClient::get_parameter(const std::string& name) {
    nlohmann::json answer;
    try {
        answer = state_->call("GetParameter", name, {{"Name", name}, {"WithDecryption", true}});
    } catch (const AwsError& error) {
        if (error.aws_code() == "ParameterNotFound") return std::nullopt;
        throw;
    }
    if (!answer.contains("Parameter") || !answer["Parameter"].is_object() || !answer["Parameter"].contains("Value")) {
        throw Error(ErrorCode::network, "SSM GetParameter ({}) answers without a value; check AWS_ENDPOINT_URL", name);
    }
    return Parameter{json_text(answer["Parameter"], "Value"), version_of(answer["Parameter"])};
}

int64_t SsmClient::put_parameter(const std::string& name, const std::string& value, const std::string& type) {
    return version_of(
        state_->call("PutParameter", name, {{"Name", name}, {"Value", value}, {"Type", type}, {"Overwrite", true}}));
}

}  // namespace ft::aws
