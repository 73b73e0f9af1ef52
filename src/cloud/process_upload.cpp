#include "cloud/process_upload.h"

#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "base/dump_json.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"

namespace ft::cloud {

namespace {

using nlohmann::json;

std::string text_at(const json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const json& member(const json& object, const char* name) {
    static const json none;
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() ? *found : none;
}

void take_record(const IntakeParts& parts, const json& record) {
    const std::string event = text_at(record, "eventName");
    if (!event.starts_with("ObjectCreated:")) return;
    const json& object = member(member(record, "s3"), "object");
    const std::string bucket = text_at(member(member(record, "s3"), "bucket"), "name");
    // As in a form: blanks are '+', and a slash may be %2F.
    const std::string key = aws::form_decode(text_at(object, "key"));
    if (bucket != parts.uploads.bucket() || key.empty()) {
        spdlog::warn("an event of the bucket '{}' is passed over", valid_utf8(bucket.substr(0, 100)));
        return;
    }
    const Taken taken = take_upload(parts, key, text_at(object, "versionId"));
    if (taken == Taken::gone) spdlog::info("an object was deleted before its event came");
}

/// Throws Error when the message should come again.
void take_message(const IntakeParts& parts, const std::string& body) {
    const json event = json::parse(body, nullptr, false);
    if (text_at(event, "Event") == "s3:TestEvent") return;
    const json& records = member(event, "Records");
    if (!records.is_array()) {
        spdlog::error("a message of {} bytes is no event of S3's; it is passed over", body.size());
        return;
    }
    for (const json& record : records) take_record(parts, record);
}

}  // namespace

std::string process_uploads(const IntakeParts& parts, Launcher& launcher, std::string_view payload) {
    const json batch = json::parse(payload, nullptr, false);
    const json& messages = member(batch, "Records");
    if (!messages.is_array())
        throw Error(ErrorCode::invalid_argument, "this event is no batch of SQS messages: connect the queue to it");
    json failures = json::array();
    const auto fail = [&](const json& message) {
        failures.push_back({{"itemIdentifier", text_at(message, "messageId")}});
    };
    for (const json& message : messages) {
        try {
            take_message(parts, text_at(message, "body"));
        } catch (const Error& error) {
            spdlog::warn("message {}: comes again: {}", text_at(message, "messageId"), error.what());
            fail(message);
        }
    }
    try {
        launcher.run();
    } catch (const Error& error) {
        spdlog::warn("no machine could be asked for; the messages come again: {}", error.what());
        failures = json::array();
        for (const json& message : messages) fail(message);
    }
    return dump_json(json{{"batchItemFailures", failures}});
}

}  // namespace ft::cloud
