#include "webhook/message.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/dump_json.h"
#include "base/error.h"
#include "base/log.h"

namespace ft {

namespace {

using nlohmann::json;

constexpr std::string_view kTextFile = "transcript.txt";

std::string text_of(const json& body) {
    // File names and messages may hold bytes that are no text.
    return dump_json(body);
}

/// Where the text lies; nothing when the result has none.
std::optional<std::string> text_key(const json& result) {
    for (const json& file : result.at("files")) {
        if (file == kTextFile) return result.at("prefix").get<std::string>() + std::string(kTextFile);
    }
    return std::nullopt;
}

std::optional<std::string> read_text(const OutboxEvent& event, const std::string& key, ObjectStore& objects,
                                     size_t longest) {
    try {
        const auto info = objects.stat(key);
        if (!info || info->size_bytes > static_cast<int64_t>(longest)) return std::nullopt;
        return objects.get(key);
    } catch (const Error& error) {
        spdlog::warn("webhook {}: goes without its text, which cannot be read: {}", event.id, error.what());
        return std::nullopt;
    }
}

/// "transcript.srt" → "srt"
json formats_of(const json& files) {
    json formats = json::array();
    for (const json& file : files) {
        const std::string name = file.get<std::string>();
        formats.push_back(name.substr(name.rfind('.') + 1));
    }
    return formats;
}

std::string completed(const OutboxEvent& event, json body, ObjectStore& objects, const MessageOptions& options) {
    json& data = body.at("data");
    const json result = data.at("result");
    // Where we keep it is our own affair; receivers follow the link.
    data.erase("result");
    data["links"]["result"] = data["links"]["job"].get<std::string>() + "/result";
    data["formats"] = formats_of(result.at("files"));
    const std::string without = text_of(body);
    const auto key = text_key(result);
    const auto text = key ? read_text(event, *key, objects, options.longest_body) : std::nullopt;
    if (!text) return without;
    data["text"] = *text;
    // Quotes and line ends grow in JSON, so that only the whole can be measured.
    std::string with = text_of(body);
    return with.size() < options.longest_body ? with : without;
}

}  // namespace

std::string message_body(const OutboxEvent& event, ObjectStore& objects, const MessageOptions& options) {
    try {
        json body = json::parse(event.body);
        body.at("data")["links"] = {{"job", options.public_url + "/jobs/" + event.job_id}};
        if (event.type == event_completed) return completed(event, std::move(body), objects, options);
        return text_of(body);
    } catch (const json::exception&) {
        throw Error(ErrorCode::invalid_argument, "the outbox row {} of job {} holds no message", event.id,
                    event.job_id);
    }
}

}  // namespace ft
