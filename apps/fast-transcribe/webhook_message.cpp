#include "webhook_message.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "progress.h"

namespace ft {

namespace {

/// Reads the head of `text`, which loses it.
WebhookHeaders take_headers(std::string_view& text, std::string_view origin) {
    WebhookHeaders headers;
    for (int number = 1; !text.empty(); ++number) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) break;
        if (number == 1 && line.find(" HTTP/1.") != std::string::npos) continue;
        const size_t colon = line.find(':');
        if (colon == std::string::npos)
            throw Error(ErrorCode::invalid_argument,
                        "{}, line {}: is no header like \"webhook-id: msg_…\"; headers come first, then an empty "
                        "line, then the body",
                        origin, number);
        const std::string name = lower_ascii(trimmed(line.substr(0, colon)));
        const std::string value = trimmed(line.substr(colon + 1));
        if (name == "webhook-id") headers.id = value;
        if (name == "webhook-timestamp") headers.timestamp = value;
        if (name == "webhook-signature") headers.signature = value;
    }
    return headers;
}

std::string text_at(const nlohmann::json& object, const char* name) {
    if (!object.is_object()) return "";
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

ReceivedWebhook parse_received(std::string_view text, std::string_view origin) {
    ReceivedWebhook message;
    message.headers = take_headers(text, origin);
    message.body = text;
    return message;
}

WebhookHeaders parse_received_headers(std::string_view text, std::string_view origin) {
    return take_headers(text, origin);
}

std::string summary_of(const ReceivedWebhook& message) {
    const nlohmann::json body = nlohmann::json::parse(message.body, nullptr, false);
    const std::string type = text_at(body, "type");
    const nlohmann::json* const data = body.is_object() && body.contains("data") ? &body.at("data") : nullptr;
    const std::string job = data == nullptr ? "" : text_at(*data, "job_id");
    std::string text = type.empty() ? fmt::format("{} bytes without a type", message.body.size()) : type;
    if (!message.headers.id.empty()) text += " " + message.headers.id;
    if (!job.empty()) text += " of " + job;
    return printable(text);
}

}  // namespace ft
