#include "transcriber/options_json.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/dump_json.h"
#include "base/error.h"

namespace ft {

namespace {

using nlohmann::json;

/// As it would be written on the command line.
std::string text_of(const std::string& name, const json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
    if (value.is_null()) return "None";
    if (value.is_number()) return value.dump();
    if (value.is_array()) {
        std::string list;
        for (const json& part : value) {
            if (!part.is_number()) throw Error(ErrorCode::invalid_argument, "{}: a list may hold numbers only", name);
            list += (list.empty() ? "" : ",") + part.dump();
        }
        return list;
    }
    throw Error(ErrorCode::invalid_argument, "{}: give a text, a number, true, false or null, not an object", name);
}

TranscribeOption::Kind kind_of(const std::string& name) {
    for (const TranscribeOption& option : transcribe_options()) {
        if (option.name == name) return option.kind;
    }
    return TranscribeOption::Kind::text;
}

json value_of(TranscribeOption::Kind kind, const std::string& text) {
    if (kind == TranscribeOption::Kind::text) return text;
    if (kind == TranscribeOption::Kind::truth) return text == "True";
    if (text == "None") return nullptr;
    return json::parse(kind == TranscribeOption::Kind::list ? "[" + text + "]" : text);
}

/// nlohmann-json keeps the last of equal names; somebody who gives two should be told.
json parse_object(std::string_view text) {
    std::set<std::string> seen;
    std::string twice;
    bool nested = false;
    const json object = json::parse(
        text,
        [&](int depth, json::parse_event_t event, json& parsed) {
            if (depth > 2) nested = true;
            if (event == json::parse_event_t::key && depth == 1 && !seen.insert(parsed.get<std::string>()).second)
                twice = parsed.get<std::string>();
            return !nested;
        },
        false);
    if (nested || object.is_discarded() || !object.is_object())
        throw Error(ErrorCode::invalid_argument, "the options are no JSON object such as {{\"language\": \"sv\"}}");
    if (!twice.empty()) throw Error(ErrorCode::invalid_argument, "the option {} is given twice", twice.substr(0, 100));
    return object;
}

}  // namespace

void read_options_json(OptionsDraft& draft, std::string_view text) {
    if (text.empty()) return;
    const json object = parse_object(text);
    for (const auto& [name, value] : object.items()) read_option(draft, name, text_of(name, value));
}

std::string write_options_json(const TranscribeOptions& options) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [name, text] : options_text(options)) object[name] = value_of(kind_of(name), text);
    return dump_json(object);
}

}  // namespace ft
