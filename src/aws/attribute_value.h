#pragma once
// A typed value of DynamoDB.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace ft::aws {

class AttributeValue;
using Item = std::map<std::string, AttributeValue>;

/// A number as DynamoDB has it: decimal digits in a text, up to 38 of them.
struct Number {
    std::string text;
    bool operator==(const Number&) const = default;
};
struct Binary {
    std::string bytes;
    bool operator==(const Binary&) const = default;
};
using StringSet = std::set<std::string>;
using List = std::vector<AttributeValue>;

/// A value; compares by type and content. Readers throw Error{internal} when the value has another type: what is in the
/// table is not what this program wrote.
class AttributeValue {
  public:
    AttributeValue() = default;  ///< null
    AttributeValue(std::string text) : value_(std::move(text)) {}
    AttributeValue(const char* text) : value_(std::string(text)) {}
    AttributeValue(bool yes) : value_(yes) {}
    AttributeValue(int64_t number) : value_(Number{std::to_string(number)}) {}
    AttributeValue(int number) : AttributeValue(static_cast<int64_t>(number)) {}
    AttributeValue(double number);
    AttributeValue(Number number) : value_(std::move(number)) {}
    AttributeValue(Binary binary) : value_(std::move(binary)) {}
    AttributeValue(StringSet texts) : value_(std::move(texts)) {}
    AttributeValue(List list) : value_(std::move(list)) {}
    AttributeValue(Item map) : value_(std::move(map)) {}

    bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
    bool is_text() const { return std::holds_alternative<std::string>(value_); }
    bool is_number() const { return std::holds_alternative<Number>(value_); }

    const std::string& text() const { return get<std::string>("a text"); }
    bool boolean() const { return get<bool>("a truth value"); }
    int64_t integer() const;
    double real() const;
    const Binary& binary() const { return get<Binary>("binary"); }
    const StringSet& texts() const { return get<StringSet>("a set of texts"); }
    const List& list() const { return get<List>("a list"); }
    const Item& map() const { return get<Item>("a map"); }

    using Variant = std::variant<std::nullptr_t, std::string, Number, bool, Binary, StringSet, List, Item>;
    const Variant& variant() const { return value_; }
    bool operator==(const AttributeValue&) const = default;

  private:
    template <typename T>
    const T& get(const char* wanted) const {
        const T* held = std::get_if<T>(&value_);
        if (held == nullptr) fail(wanted);
        return *held;
    }
    [[noreturn]] static void fail(const char* wanted);

    Variant value_ = nullptr;
};

}  // namespace ft::aws
