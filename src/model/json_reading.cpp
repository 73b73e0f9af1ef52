#include "model/json_reading.h"

#include "base/error.h"

namespace ft {

using nlohmann::json;

json parse_json_object(std::string_view text, const std::string& where) {
    json value;
    try {
        value = json::parse(text.begin(), text.end());
    } catch (const json::exception& error) {
        // The library's text may quote bytes of the file; only the position is of use.
        const auto* parse_error = dynamic_cast<const json::parse_error*>(&error);
        throw Error(ErrorCode::bad_model, "{}: is no valid JSON (at byte {}); fetch the file again", where,
                    parse_error != nullptr ? parse_error->byte : 0);
    }
    if (!value.is_object()) throw Error(ErrorCode::bad_model, "{}: holds no JSON object; fetch the file again", where);
    return value;
}

const json* find_member(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

int32_t checked_integer(const json& value, int32_t lowest, int32_t highest, const std::string& what,
                        const std::string& where) {
    // Unsigned first: a number above int64's range would wrap.
    const bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= INT32_MAX : value.is_number_integer();
    const int64_t number = fits ? value.get<int64_t>() : 0;
    if (!fits || number < lowest || number > highest) {
        throw Error(ErrorCode::bad_model, "{}: {} is not a whole number from {} to {}", where, what, lowest, highest);
    }
    return static_cast<int32_t>(number);
}

int32_t required_integer(const json& object, const char* key, int32_t lowest, int32_t highest,
                         const std::string& where) {
    const json* value = find_member(object, key);
    if (value == nullptr) throw Error(ErrorCode::bad_model, "{}: has no \"{}\"; is this a Whisper model?", where, key);
    return checked_integer(*value, lowest, highest, std::string("\"") + key + "\"", where);
}

}  // namespace ft
