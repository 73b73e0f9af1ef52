#pragma once
// What the files of DynamoDbClient share.
#include <fmt/format.h>

#include "aws/dynamodb_client.h"
#include "aws/json_client.h"

namespace ft::aws {

struct DynamoDbClient::State {
    std::shared_ptr<Session> session;
    JsonClient client;

    explicit State(std::shared_ptr<Session> given)
        : session(given),
          client(std::move(given), {"DynamoDB", "dynamodb", "DYNAMODB", "dynamodb"}, "DynamoDB_20120810", "1.0") {}

    nlohmann::json call(const std::string& operation, const std::string& table, const nlohmann::json& input,
                        bool repeatable = true) {
        return client.call({operation, "table " + table, repeatable, std::chrono::seconds(30)}, input);
    }
};

}  // namespace ft::aws
