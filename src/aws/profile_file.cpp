#include "aws/profile_file.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace ft::aws {

namespace {

constexpr size_t kLongestFile = size_t{1} << 20;

/// A comment after a value begins with a blank, so that keys may contain '#' and ';'.
std::string without_comment(const std::string& value) {
    size_t end = std::string::npos;
    for (const char* mark : {" #", " ;", "\t#", "\t;"}) end = std::min(end, value.find(mark));
    return trimmed(std::string_view(value).substr(0, end));
}

ProfileFile read_if_there(const std::filesystem::path& path) {
    std::error_code ignored;
    if (path.empty() || !std::filesystem::exists(path, ignored)) return {};
    return parse_profile_file(read_file(path, kLongestFile), path.string());
}

std::filesystem::path place(const Surroundings& surroundings, const char* variable, const char* name) {
    const std::string given = surroundings.variable(variable), home = surroundings.variable("HOME");
    if (!given.empty()) return given;
    return home.empty() ? std::filesystem::path() : std::filesystem::path(home) / ".aws" / name;
}

}  // namespace

ProfileFile parse_profile_file(std::string_view text, const std::string& name) {
    ProfileFile file;
    Profile* profile = nullptr;
    bool in_property = false;
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    for (int line_number = 1; !text.empty(); ++line_number) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view raw = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string line = trimmed(raw);
        if (line.empty() || line[0] == '#' || line[0] == ';') continue;
        const auto fail = [&](const char* what) {
            throw Error(ErrorCode::invalid_argument, "{}, line {}: {}; correct the file", name, line_number, what);
        };
        if (line[0] == '[') {
            const size_t close = line.find(']');
            if (close == std::string::npos) fail("a section's name has no closing bracket");
            profile = &file[trimmed(std::string_view(line).substr(1, close - 1))];
            in_property = false;
            continue;
        }
        // Deeper settings ("s3 =" and indented lines) are for other programs.
        if ((raw[0] == ' ' || raw[0] == '\t') && in_property) continue;
        const size_t equals = line.find('=');
        if (profile == nullptr) fail("this stands before the first [profile]");
        if (equals == std::string::npos || equals == 0) fail("this is neither \"name = value\" nor a [profile]");
        (*profile)[lower_ascii(trimmed(std::string_view(line).substr(0, equals)))] =
            without_comment(line.substr(equals + 1));
        in_property = true;
    }
    return file;
}

ChosenProfile read_profile(const Surroundings& surroundings) {
    ChosenProfile chosen;
    chosen.name = surroundings.variable("AWS_PROFILE");
    if (chosen.name.empty()) chosen.name = surroundings.variable("AWS_DEFAULT_PROFILE");
    chosen.asked_for = !chosen.name.empty();
    if (!chosen.asked_for) chosen.name = "default";
    const auto config_path = place(surroundings, "AWS_CONFIG_FILE", "config");
    const auto credentials_path = place(surroundings, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
    chosen.searched = credentials_path.string() + " and " + config_path.string();
    ProfileFile config = read_if_there(config_path), credentials = read_if_there(credentials_path);
    auto in_config = config.find("profile " + chosen.name);
    if (in_config == config.end() && chosen.name == "default") in_config = config.find("default");
    const auto in_credentials = credentials.find(chosen.name);
    chosen.found = in_config != config.end() || in_credentials != credentials.end();
    if (in_credentials != credentials.end()) chosen.values = in_credentials->second;
    if (in_config != config.end()) chosen.values.merge(in_config->second);
    return chosen;
}

std::string configured_region(const Surroundings& surroundings) {
    std::string region = surroundings.variable("AWS_REGION");
    if (region.empty()) region = surroundings.variable("AWS_DEFAULT_REGION");
    if (region.empty()) {
        const ChosenProfile profile = read_profile(surroundings);
        const auto found = profile.values.find("region");
        if (found != profile.values.end()) region = found->second;
    }
    if (region.empty()) region = "eu-north-1";
    // It becomes part of a host's name.
    if (region.size() > 32 || region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
        throw Error(ErrorCode::invalid_argument,
                    "\"{}\" is no AWS region; set AWS_REGION to one like eu-north-1, or correct the profile", region);
    }
    return region;
}

}  // namespace ft::aws
