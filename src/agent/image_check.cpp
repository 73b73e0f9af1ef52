#include "agent/image_check.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace ft {

namespace {

std::string text_at(const nlohmann::json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

bool differ(const std::string& one, const std::string& other) {
    return !one.empty() && !other.empty() && one != other;
}

}  // namespace

ImageManifest parse_manifest(std::string_view text, std::string_view origin) {
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object())
        throw Error(ErrorCode::invalid_argument, "{}: is no JSON object; build the image anew", origin);
    return {text_at(json, "ami_id"), text_at(json, "build_id"), text_at(json, "version"), text_at(json, "model"),
            text_at(json, "model_sha256")};
}

std::string_view to_string(ImageVerdict::Kind kind) {
    switch (kind) {
        case ImageVerdict::Kind::match:
            return "match";
        case ImageVerdict::Kind::mismatch:
            return "mismatch";
        case ImageVerdict::Kind::unknown:
            return "unknown";
    }
    return "unknown";
}

ImageVerdict check_image(const ImageFacts& facts) {
    using Kind = ImageVerdict::Kind;
    if (differ(facts.expected, facts.running))
        return {Kind::mismatch,
                fmt::format("the instance runs {}, the parameter says {}", facts.running, facts.expected)};
    if (facts.manifest) {
        const ImageManifest& manifest = *facts.manifest;
        if (differ(manifest.ami_id, facts.running))
            return {Kind::mismatch,
                    fmt::format("the instance runs {}, its manifest says {}", facts.running, manifest.ami_id)};
        if (differ(manifest.version, facts.version))
            return {Kind::mismatch, fmt::format("the program has version {}, the image's manifest says {}",
                                                facts.version, manifest.version)};
        if (differ(manifest.model_sha256, facts.model_sha256))
            return {Kind::mismatch, "the model's weights are not those of the image's manifest"};
    }
    if (facts.expected.empty() || facts.running.empty())
        return {Kind::unknown, facts.running.empty() ? "this is no EC2 instance" : "the parameter is not known"};
    if (!facts.manifest) return {Kind::unknown, "the image has no manifest"};
    return {Kind::match, ""};
}

}  // namespace ft
