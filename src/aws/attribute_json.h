#pragma once
// DynamoDB's JSON of values.
#include <nlohmann/json.hpp>

#include "aws/attribute_value.h"

namespace ft::aws {

nlohmann::json item_to_json(const Item& item);
/// Throws Error{network} for a kind of value that is not known here.
Item item_from_json(const nlohmann::json& json);

}  // namespace ft::aws
