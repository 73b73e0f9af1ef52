#pragma once
#include <string>

namespace ft {

/// A value of nlohmann's JSON as text, in one line unless there is an indent. Bytes that are no UTF-8, which JSON
/// cannot hold, become U+FFFD: what a user has sent never makes a reply fail.
template <typename Json>
std::string dump_json(const Json& json, int indent = -1) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ft
