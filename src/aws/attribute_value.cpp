#include "aws/attribute_value.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "aws/attribute_json.h"
#include "base/base64.h"
#include "base/error.h"

namespace ft::aws {

namespace {

constexpr int kDeepest = 32;  // DynamoDB's own limit

nlohmann::json to_json(const AttributeValue& value, int depth);

nlohmann::json map_to_json(const Item& item, int depth) {
    nlohmann::json json = nlohmann::json::object();
    for (const auto& [name, value] : item) json[name] = to_json(value, depth);
    return json;
}

nlohmann::json to_json(const AttributeValue& value, int depth) {
    if (depth > kDeepest) throw Error(ErrorCode::internal, "a value of DynamoDB nests deeper than {}", kDeepest);
    struct Visitor {
        int depth;
        nlohmann::json operator()(std::nullptr_t) const { return {{"NULL", true}}; }
        nlohmann::json operator()(const std::string& text) const { return {{"S", text}}; }
        nlohmann::json operator()(const Number& number) const { return {{"N", number.text}}; }
        nlohmann::json operator()(bool yes) const { return {{"BOOL", yes}}; }
        nlohmann::json operator()(const Binary& binary) const { return {{"B", to_base64(binary.bytes)}}; }
        nlohmann::json operator()(const StringSet& texts) const { return {{"SS", texts}}; }
        nlohmann::json operator()(const List& list) const {
            nlohmann::json json = nlohmann::json::array();
            for (const AttributeValue& element : list) json.push_back(to_json(element, depth + 1));
            return {{"L", json}};
        }
        nlohmann::json operator()(const Item& map) const { return {{"M", map_to_json(map, depth + 1)}}; }
    };
    return std::visit(Visitor{depth}, value.variant());
}

[[noreturn]] void fail_senseless() {
    throw Error(ErrorCode::network,
                "DynamoDB answers with a value of a kind that is not known here; update this program");
}

AttributeValue from_json(const nlohmann::json& json, int depth) {
    if (!json.is_object() || json.size() != 1 || depth > kDeepest) fail_senseless();
    const std::string& type = json.begin().key();
    const nlohmann::json& value = json.begin().value();
    if (type == "NULL") return {};
    if (type == "S" && value.is_string()) return value.get<std::string>();
    if (type == "N" && value.is_string()) return Number{value.get<std::string>()};
    if (type == "BOOL" && value.is_boolean()) return value.get<bool>();
    if (type == "B" && value.is_string()) return Binary{from_base64(value.get<std::string>()).value_or("")};
    if (type == "SS" && value.is_array()) {
        StringSet texts;
        for (const nlohmann::json& text : value) {
            if (!text.is_string()) fail_senseless();
            texts.insert(text.get<std::string>());
        }
        return texts;
    }
    if (type == "L" && value.is_array()) {
        List list;
        for (const nlohmann::json& element : value) list.push_back(from_json(element, depth + 1));
        return list;
    }
    if (type == "M" && value.is_object()) {
        Item map;
        for (const auto& [name, element] : value.items()) map[name] = from_json(element, depth + 1);
        return map;
    }
    fail_senseless();
}

}  // namespace

AttributeValue::AttributeValue(double number) {
    // DynamoDB knows no infinities; the shortest text that reads back as the same double is at most 17 digits.
    if (!(number - number == 0)) throw Error(ErrorCode::invalid_argument, "DynamoDB has no number {}", number);
    value_ = Number{fmt::format("{}", number)};
}

int64_t AttributeValue::integer() const {
    const std::string& text = get<Number>("a number").text;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail("a whole number");
    return value;
}

double AttributeValue::real() const {
    const std::string& text = get<Number>("a number").text;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail("a number");
    return value;
}

void AttributeValue::fail(const char* wanted) {
    throw Error(ErrorCode::internal,
                "a value in a DynamoDB table is not {}; the table was changed by hand or by another program", wanted);
}

nlohmann::json item_to_json(const Item& item) {
    return map_to_json(item, 1);
}

Item item_from_json(const nlohmann::json& json) {
    if (!json.is_object()) fail_senseless();
    Item item;
    for (const auto& [name, value] : json.items()) item[name] = from_json(value, 1);
    return item;
}

}  // namespace ft::aws
