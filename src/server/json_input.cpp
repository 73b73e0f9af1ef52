#include "server/json_input.h"

#include "base/error.h"

namespace ft {

nlohmann::json parse_json_input(std::string_view text, const std::string& what) {
    constexpr int deepest = 32;
    bool too_deep = false;
    auto parsed = nlohmann::json::parse(
        text,
        [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
            too_deep |= depth > deepest;
            return !too_deep;
        },
        false);
    if (too_deep) throw Error(ErrorCode::invalid_argument, "{} is nested deeper than {}", what, deepest);
    if (parsed.is_discarded()) throw Error(ErrorCode::invalid_argument, "{} is no JSON", what);
    return parsed;
}

}  // namespace ft
