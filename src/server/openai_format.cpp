#include "server/openai_format.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/dump_json.h"
#include "base/error.h"
#include "base/text.h"
#include "decoding/language.h"

namespace ft {

namespace {

using Json = nlohmann::ordered_json;

Json parse(std::string_view transcript) {
    Json json = Json::parse(transcript, nullptr, false);
    if (!json.is_object() || !json.contains("text") || !json.contains("segments"))
        throw Error(ErrorCode::io, "a stored transcript.json is damaged");
    return json;
}

Json usage_of(const Json& transcript) {
    return {{"type", "duration"}, {"seconds", static_cast<int64_t>(std::ceil(transcript.value("duration", 0.0)))}};
}

/// Ours are those of OpenAI's command; its API adds `seek` and leaves words apart.
Json segment_of(const Json& own) {
    Json segment = {{"id", own.at("id")}, {"seek", 0}};
    for (const char* name :
         {"start", "end", "text", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob"})
        segment[name] = own.at(name);
    return segment;
}

/// OpenAI's words have no blank in front.
Json words_of(const Json& transcript) {
    Json words = Json::array();
    for (const Json& segment : transcript.at("segments")) {
        for (const Json& word : segment.at("words")) {
            words.push_back({{"word", trimmed(word.at("word").get<std::string>())},
                             {"start", word.at("start")},
                             {"end", word.at("end")}});
        }
    }
    return words;
}

Json model_of(const std::string& name) {
    return {{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "fast-transcribe"}};
}

}  // namespace

std::string openai_json(std::string_view text) {
    const Json transcript = parse(text);
    return dump_json(Json{{"text", transcript.at("text")}, {"usage", usage_of(transcript)}}) + "\n";
}

std::string openai_verbose_json(std::string_view text, const VerboseParts& parts) {
    const Json transcript = parse(text);
    const std::string code = transcript.value("language", "");
    const std::string name(language_name(code));
    Json json = {{"task", transcript.at("metadata").value("task", "transcribe")},
                 {"language", name.empty() ? code : name},
                 {"duration", transcript.value("duration", 0.0)},
                 {"text", transcript.at("text")}};
    if (parts.words) json["words"] = words_of(transcript);
    if (parts.segments) {
        json["segments"] = Json::array();
        for (const Json& segment : transcript.at("segments")) json["segments"].push_back(segment_of(segment));
    }
    json["usage"] = usage_of(transcript);
    return dump_json(json) + "\n";
}

std::vector<std::string> segment_texts(std::string_view text) {
    std::vector<std::string> texts;
    const Json transcript = parse(text);
    for (const Json& segment : transcript.at("segments")) texts.push_back(segment.at("text").get<std::string>());
    return texts;
}

std::string openai_delta(const std::string& text) {
    return dump_json(Json{{"type", "transcript.text.delta"}, {"delta", text}});
}

std::string openai_done(std::string_view text) {
    const Json transcript = parse(text);
    return dump_json(
        Json{{"type", "transcript.text.done"}, {"text", transcript.at("text")}, {"usage", usage_of(transcript)}});
}

std::string openai_models(const std::vector<std::string>& names) {
    Json data = Json::array();
    for (const std::string& name : names) data.push_back(model_of(name));
    return dump_json(Json{{"object", "list"}, {"data", data}}) + "\n";
}

std::string openai_model(const std::string& name) {
    return dump_json(model_of(name)) + "\n";
}

}  // namespace ft
