#pragma once
// The JSON protocols of DynamoDB, SQS (1.0) and SSM (1.1): an operation, JSON in, JSON out. Used by their clients only:
// the header of nlohmann's JSON is heavy.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "aws/service_client.h"

namespace ft::aws {

class JsonClient {
  public:
    /// `target` goes before the operation: "DynamoDB_20120810". `version` of the protocol: "1.0".
    JsonClient(std::shared_ptr<Session> session, Service service, std::string target, std::string version);

    struct Call {
        std::string operation, about;  ///< `about` for messages: "table x"
        bool repeatable = true;
        std::chrono::milliseconds timeout{60000};
    };
    /// The answer, an object. Throws as ServiceClient::call; AwsError{network} when the answer is no JSON object;
    /// Error{invalid_argument} for text that is not UTF-8.
    nlohmann::json call(const Call& call, const nlohmann::json& input);

    const std::string& name() const { return client_.service().name; }

  private:
    ServiceClient client_;
    std::string target_, version_;
};

/// Text under a name; empty when it is missing or no text.
std::string json_text(const nlohmann::json& json, const char* name);

}  // namespace ft::aws
