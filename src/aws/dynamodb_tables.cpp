// Tables themselves: DynamoDbClient's second half.
#include "aws/dynamodb_state.h"

namespace ft::aws {

namespace {

using Json = nlohmann::json;

Json key_schema(const KeyColumn& hash, const std::optional<KeyColumn>& range) {
    Json schema = Json::array({{{"AttributeName", hash.name}, {"KeyType", "HASH"}}});
    if (range) schema.push_back({{"AttributeName", range->name}, {"KeyType", "RANGE"}});
    return schema;
}

/// Each column that is part of a key, once.
Json definitions(const TableLayout& layout) {
    std::map<std::string, char> columns;
    const auto add = [&](const KeyColumn& hash, const std::optional<KeyColumn>& range) {
        columns[hash.name] = hash.type;
        if (range) columns[range->name] = range->type;
    };
    add(layout.hash, layout.range);
    for (const TableIndex& index : layout.indexes) add(index.hash, index.range);
    Json result = Json::array();
    for (const auto& [name, type] : columns) {
        result.push_back({{"AttributeName", name}, {"AttributeType", std::string(1, type)}});
    }
    return result;
}

/// json["a"]["b"]… as text; empty where something is missing.
std::string text_under(const Json& json, std::initializer_list<const char*> path) {
    const Json* place = &json;
    for (const char* name : path) {
        if (!place->is_object() || !place->contains(name)) return {};
        place = &(*place)[name];
    }
    return place->is_string() ? place->get<std::string>() : std::string();
}

/// KeySchema has the names, AttributeDefinitions the types.
void read_keys(const Json& description, TableState& state) {
    const auto each = [&](const char* list, const auto& visit) {
        if (!description.contains(list) || !description[list].is_array()) return;
        for (const Json& entry : description[list]) visit(entry);
    };
    each("KeySchema", [&](const Json& key) {
        const std::string name = json_text(key, "AttributeName");
        if (json_text(key, "KeyType") == "RANGE")
            state.range = KeyColumn{name};
        else
            state.hash.name = name;
    });
    each("AttributeDefinitions", [&](const Json& column) {
        const std::string name = json_text(column, "AttributeName"), type = json_text(column, "AttributeType");
        const char letter = type.empty() ? '?' : type.front();
        if (name == state.hash.name) state.hash.type = letter;
        if (state.range && name == state.range->name) state.range->type = letter;
    });
}

}  // namespace

std::optional<TableState> DynamoDbClient::describe_table(const std::string& table) {
    Json answer;
    try {
        answer = state_->call("DescribeTable", table, {{"TableName", table}});
    } catch (const AwsError& error) {
        if (error.aws_code() == "ResourceNotFoundException") return std::nullopt;
        throw;
    }
    TableState result;
    result.status = text_under(answer, {"Table", "TableStatus"});
    result.arn = text_under(answer, {"Table", "TableArn"});
    if (result.status.empty()) {
        throw Error(ErrorCode::network, "DynamoDB DescribeTable ({}) answers without a status; check AWS_ENDPOINT_URL",
                    table);
    }
    const Json& description = answer["Table"];
    read_keys(description, result);
    if (description.contains("GlobalSecondaryIndexes") && description["GlobalSecondaryIndexes"].is_array()) {
        for (const Json& index : description["GlobalSecondaryIndexes"]) {
            result.indexes.push_back(json_text(index, "IndexName"));
        }
    }
    return result;
}

void DynamoDbClient::create_table(const TableLayout& layout) {
    Json input = {{"TableName", layout.name},
                  {"BillingMode", "PAY_PER_REQUEST"},
                  {"KeySchema", key_schema(layout.hash, layout.range)},
                  {"AttributeDefinitions", definitions(layout)}};
    for (const TableIndex& index : layout.indexes) {
        input["GlobalSecondaryIndexes"].push_back({{"IndexName", index.name},
                                                   {"KeySchema", key_schema(index.hash, index.range)},
                                                   {"Projection", {{"ProjectionType", "ALL"}}}});
    }
    for (const auto& [key, value] : layout.tags) input["Tags"].push_back({{"Key", key}, {"Value", value}});
    state_->call("CreateTable", layout.name, input);
}

void DynamoDbClient::set_time_to_live(const std::string& table, const std::string& column) {
    // To set what is set already is an error of DynamoDB's.
    if (time_to_live(table) == column) return;
    state_->call("UpdateTimeToLive", table,
                 {{"TableName", table}, {"TimeToLiveSpecification", {{"AttributeName", column}, {"Enabled", true}}}});
}

std::string DynamoDbClient::time_to_live(const std::string& table) {
    const Json answer = state_->call("DescribeTimeToLive", table, {{"TableName", table}});
    const std::string status = text_under(answer, {"TimeToLiveDescription", "TimeToLiveStatus"});
    if (status != "ENABLED" && status != "ENABLING") return {};
    return text_under(answer, {"TimeToLiveDescription", "AttributeName"});
}

void DynamoDbClient::set_recovery(const std::string& table, bool on) {
    state_->call("UpdateContinuousBackups", table,
                 {{"TableName", table}, {"PointInTimeRecoverySpecification", {{"PointInTimeRecoveryEnabled", on}}}});
}

bool DynamoDbClient::recovery(const std::string& table) {
    const Json answer = state_->call("DescribeContinuousBackups", table, {{"TableName", table}});
    return text_under(answer, {"ContinuousBackupsDescription", "PointInTimeRecoveryDescription",
                               "PointInTimeRecoveryStatus"}) == "ENABLED";
}

}  // namespace ft::aws
