#include "aws/dynamodb_client.h"

#include "aws/attribute_json.h"
#include "aws/dynamodb_state.h"

namespace ft::aws {

namespace {

using Json = nlohmann::json;

template <typename T>
void set_if(Json& json, const char* name, const T& value) {
    if (!value.empty()) json[name] = value;
}

void set_expression(Json& json, const char* name, const std::string& text,
                    const std::map<std::string, std::string>& names, const Item& values) {
    set_if(json, name, text);
    set_if(json, "ExpressionAttributeNames", names);
    if (!values.empty()) json["ExpressionAttributeValues"] = item_to_json(values);
}

Json write_to_json(const TransactWrite& write) {
    Json json = {{"TableName", write.table}};
    set_expression(json, "ConditionExpression", write.condition, write.names, write.values);
    switch (write.kind) {
        case TransactWrite::Kind::put:
            json["Item"] = item_to_json(write.item);
            return {{"Put", json}};
        case TransactWrite::Kind::update:
            json["Key"] = item_to_json(write.key);
            json["UpdateExpression"] = write.update;
            return {{"Update", json}};
        case TransactWrite::Kind::remove:
            json["Key"] = item_to_json(write.key);
            return {{"Delete", json}};
        case TransactWrite::Kind::check:
            json["Key"] = item_to_json(write.key);
            return {{"ConditionCheck", json}};
    }
    throw Error(ErrorCode::internal, "a write of a transaction is of no kind");
}

QueryPage page_of(const Json& answer) {
    QueryPage page;
    if (answer.contains("Items") && answer["Items"].is_array()) {
        for (const Json& item : answer["Items"]) page.items.push_back(item_from_json(item));
    }
    if (answer.contains("LastEvaluatedKey")) page.next = item_from_json(answer["LastEvaluatedKey"]);
    return page;
}

}  // namespace

std::string make_request_token(const Surroundings& surroundings) {
    std::string token;
    for (int i = 0; i < 4; ++i) {
        token += fmt::format("{:08x}", static_cast<uint32_t>(surroundings.random() * 4294967296.0));
    }
    return token;
}

DynamoDbClient::DynamoDbClient(std::shared_ptr<Session> session)
    : state_(std::make_unique<State>(std::move(session))) {}
DynamoDbClient::~DynamoDbClient() = default;
DynamoDbClient::DynamoDbClient(DynamoDbClient&&) noexcept = default;

std::optional<Item> DynamoDbClient::get_item(const std::string& table, const Item& key, bool consistent) {
    const Json answer = state_->call(
        "GetItem", table, {{"TableName", table}, {"Key", item_to_json(key)}, {"ConsistentRead", consistent}});
    if (!answer.contains("Item")) return std::nullopt;
    return item_from_json(answer["Item"]);
}

void DynamoDbClient::put_item(const std::string& table, const Item& item, const Expression& condition) {
    Json input = {{"TableName", table}, {"Item", item_to_json(item)}};
    set_expression(input, "ConditionExpression", condition.text, condition.names, condition.values);
    state_->call("PutItem", table, input);
}

Item DynamoDbClient::update_item(const UpdateItem& update) {
    Json input = {{"TableName", update.table}, {"Key", item_to_json(update.key)}, {"ReturnValues", "ALL_NEW"}};
    set_expression(input, "UpdateExpression", update.update, update.names, update.values);
    set_if(input, "ConditionExpression", update.condition);
    const Json answer = state_->call("UpdateItem", update.table, input, update.repeatable);
    return answer.contains("Attributes") ? item_from_json(answer["Attributes"]) : Item{};
}

void DynamoDbClient::delete_item(const std::string& table, const Item& key, const Expression& condition) {
    Json input = {{"TableName", table}, {"Key", item_to_json(key)}};
    set_expression(input, "ConditionExpression", condition.text, condition.names, condition.values);
    state_->call("DeleteItem", table, input);
}

QueryPage DynamoDbClient::query_page(const QueryItems& query, const Item& start) {
    Json input = {{"TableName", query.table},
                  {"KeyConditionExpression", query.key_condition},
                  {"ScanIndexForward", query.forward}};
    set_if(input, "IndexName", query.index);
    set_expression(input, "FilterExpression", query.filter, query.names, query.values);
    if (query.consistent) input["ConsistentRead"] = true;
    if (query.limit > 0) input["Limit"] = query.limit;
    if (!start.empty()) input["ExclusiveStartKey"] = item_to_json(start);
    return page_of(state_->call("Query", query.table, input));
}

void DynamoDbClient::query(const QueryItems& query, const std::function<bool(const Item&)>& visit) {
    Item start;
    do {
        const QueryPage page = query_page(query, start);
        for (const Item& item : page.items) {
            if (!visit(item)) return;
        }
        start = page.next;
    } while (!start.empty());
}

void DynamoDbClient::scan(const std::string& table, const std::function<bool(const Item&)>& visit) {
    Item start;
    do {
        Json input = {{"TableName", table}};
        if (!start.empty()) input["ExclusiveStartKey"] = item_to_json(start);
        const QueryPage page = page_of(state_->call("Scan", table, input));
        for (const Item& item : page.items) {
            if (!visit(item)) return;
        }
        start = page.next;
    } while (!start.empty());
}

void DynamoDbClient::transact_write(const std::vector<TransactWrite>& writes, const std::string& token) {
    Json items = Json::array();
    for (const TransactWrite& write : writes) items.push_back(write_to_json(write));
    const std::string table = writes.empty() ? "" : writes.front().table;
    const std::string sent = token.empty() ? make_request_token(state_->session->surroundings()) : token;
    state_->call("TransactWriteItems", table, {{"TransactItems", items}, {"ClientRequestToken", sent}});
}

}  // namespace ft::aws
