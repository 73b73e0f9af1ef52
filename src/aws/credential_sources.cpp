#include "aws/credential_sources.h"

#include "aws/instance_metadata.h"
#include "aws/profile_file.h"
#include "base/error.h"
#include "base/file.h"

namespace ft::aws {

namespace {

constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// A token must not be sent in the clear to just any machine.
bool may_be_plain(const std::string& host) {
    return host == "localhost" || host.starts_with("127.") || host == "[::1]" || host == "169.254.170.2" ||
           host == "169.254.170.23" || host == "[fd00:ec2::23]";
}

std::string container_url(const Surroundings& surroundings) {
    const std::string relative = surroundings.variable(kRelative), full = surroundings.variable(kFull);
    if (!relative.empty()) {
        if (relative[0] != '/')
            throw Error(ErrorCode::invalid_argument, "{} does not begin with \"/\"; correct it", kRelative);
        return "http://169.254.170.2" + relative;
    }
    const bool http = full.starts_with("http://") && may_be_plain(host_of(full));
    if (!full.empty() && !http && !full.starts_with("https://")) {
        throw Error(ErrorCode::invalid_argument,
                    "{} is neither an https address nor an http address on this machine; correct or unset it", kFull);
    }
    return full;
}

std::string container_token(const Surroundings& surroundings) {
    std::string token = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    // The file wins: whoever runs the container renews it.
    const std::string file = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (!file.empty()) token = read_file(file, size_t{1} << 16);
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    if (token.find_first_of("\r\n") != std::string::npos) {
        throw Error(ErrorCode::invalid_argument,
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN or its file has more than one line; correct it");
    }
    return token;
}

}  // namespace

HttpOptions container_http_options() {
    HttpOptions options;
    options.connect_timeout = std::chrono::milliseconds(2000);
    options.address_setting = kFull;
    options.use_proxy = false;
    options.longest_body = size_t{1} << 20;
    return options;
}

std::optional<Credentials> credentials_from_environment(const Surroundings& surroundings) {
    Credentials result;
    result.access_key_id = surroundings.variable("AWS_ACCESS_KEY_ID");
    result.secret_access_key = Secret(surroundings.variable("AWS_SECRET_ACCESS_KEY"));
    result.session_token = Secret(surroundings.variable("AWS_SESSION_TOKEN"));
    result.origin = "the environment";
    if (result.access_key_id.empty() && result.secret_access_key.empty()) return std::nullopt;
    if (result.access_key_id.empty() || result.secret_access_key.empty()) {
        throw Error(ErrorCode::permission, "{} is set but {} is not; set both, or neither",
                    result.access_key_id.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                    result.access_key_id.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
    }
    return result;
}

std::optional<Credentials> credentials_from_container(const Surroundings& surroundings, const HttpSend& send) {
    HttpRequest request;
    request.url = container_url(surroundings);
    if (request.url.empty()) return std::nullopt;
    const std::string token = container_token(surroundings);
    if (!token.empty()) request.headers.push_back("Authorization: " + token);
    request.timeout = std::chrono::seconds(5);
    HttpResponse response;
    for (int attempt = 1; attempt <= 3; ++attempt) {
        response = send(request);
        if (response.failure == HttpFailure::none && response.status < 500 && response.status != 429) break;
        if (attempt == 3) break;
        const double milliseconds = surroundings.random() * 300 * attempt;
        surroundings.wait(std::chrono::milliseconds(static_cast<int64_t>(milliseconds)));
    }
    if (!response.ok()) {
        const bool answered = response.failure == HttpFailure::none;
        throw Error(
            answered && response.status < 500 ? ErrorCode::permission : ErrorCode::network,
            "the container's credential service {} gives no credentials ({}); check the task's role and {} / {}",
            host_of(request.url), answered ? "HTTP " + std::to_string(response.status) : response.failure_text,
            kRelative, kFull);
    }
    return parse_role_credentials(response.body, "the container's credential service");
}

std::optional<Credentials> credentials_from_profile(const Surroundings& surroundings) {
    const ChosenProfile profile = read_profile(surroundings);
    if (!profile.found) {
        if (!profile.asked_for) return std::nullopt;
        throw Error(ErrorCode::permission,
                    "AWS_PROFILE names the profile \"{}\", which is not in {}; check its spelling", profile.name,
                    profile.searched);
    }
    const auto value = [&](const char* name) {
        const auto found = profile.values.find(name);
        return found == profile.values.end() ? std::string() : found->second;
    };
    Credentials result;
    result.access_key_id = value("aws_access_key_id");
    result.secret_access_key = Secret(value("aws_secret_access_key"));
    result.session_token = Secret(value("aws_session_token"));
    result.origin = "the profile " + profile.name;
    if (!result.access_key_id.empty() && !result.secret_access_key.empty()) return result;
    if (!result.access_key_id.empty() || !result.secret_access_key.empty()) {
        throw Error(
            ErrorCode::permission,
            "the profile \"{}\" in {} has only one of aws_access_key_id and aws_secret_access_key; add the other",
            profile.name, profile.searched);
    }
    for (const char* other : {"role_arn", "sso_session", "sso_start_url", "credential_process", "login_session"}) {
        if (value(other).empty()) continue;
        throw Error(
            ErrorCode::permission,
            "the profile \"{}\" uses {}, which is not read here; run: eval \"$(aws configure export-credentials "
            "--profile {} --format env)\"",
            profile.name, other, profile.name);
    }
    if (!profile.asked_for) return std::nullopt;
    throw Error(ErrorCode::permission, "the profile \"{}\" in {} has no keys; run: aws configure --profile {}",
                profile.name, profile.searched, profile.name);
}

}  // namespace ft::aws
