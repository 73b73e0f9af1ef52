#include "aws/instance_metadata.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "aws/times.h"
#include "base/error.h"

namespace ft::aws {

namespace {

constexpr const char* kSetting = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
constexpr std::chrono::seconds kTokenLife(21600);
constexpr int kAttempts = 3;

HttpOptions metadata_options() {
    HttpOptions options;
    options.connect_timeout = std::chrono::milliseconds(1000);  // nobody is there outside of EC2
    options.address_setting = kSetting;
    options.use_proxy = false;  // a proxy would answer for its own machine
    options.longest_body = size_t{1} << 20;
    return options;
}

std::string text_of(const nlohmann::json& json, const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : "";
}

[[noreturn]] void fail_senseless(const std::string& path) {
    throw Error(
        ErrorCode::network,
        "the instance metadata service gives an answer for {} that makes no sense; check that the machine is an "
        "EC2 instance, or what {} names",
        path, kSetting);
}

}  // namespace

InstanceMetadata::InstanceMetadata(Surroundings surroundings, HttpSend send)
    : surroundings_(std::move(surroundings)),
      send_(send ? std::move(send) : http_send(metadata_options())),
      endpoint_(surroundings_.variable(kSetting)),
      enabled_(surroundings_.variable("AWS_EC2_METADATA_DISABLED") != "true") {
    endpoint_ = checked_endpoint(endpoint_.empty() ? "http://169.254.169.254" : endpoint_, kSetting);
}

HttpResponse InstanceMetadata::send_with_retries(const HttpRequest& request, const std::string& path) {
    for (int attempt = 1;; ++attempt) {
        HttpResponse response = send_(request);
        // Where nobody is, waiting does not help.
        const bool final = response.failure == HttpFailure::unreachable || response.failure == HttpFailure::unresolved;
        const bool passing = response.failure != HttpFailure::none || response.status >= 500 || response.status == 429;
        if (!passing) return response;
        if (attempt == kAttempts || final) {
            throw Error(ErrorCode::network,
                        "the instance metadata service at {} does not answer for {} ({}); it exists on EC2 instances "
                        "only, and must be switched on there",
                        endpoint_, path,
                        response.failure == HttpFailure::none ? "HTTP " + std::to_string(response.status)
                                                              : response.failure_text);
        }
        const double milliseconds = surroundings_.random() * 200 * attempt;
        surroundings_.wait(std::chrono::milliseconds(static_cast<int64_t>(milliseconds)));
    }
}

const std::string& InstanceMetadata::token() {
    if (!token_.empty() && surroundings_.now() < token_expires_) return token_;
    HttpRequest request;
    request.method = "PUT";
    request.url = endpoint_ + "/latest/api/token";
    request.headers = {"X-aws-ec2-metadata-token-ttl-seconds: " + std::to_string(kTokenLife.count())};
    request.body = "";
    request.timeout = std::chrono::seconds(2);
    const HttpResponse response = send_with_retries(request, "a token");
    if (!response.ok() || response.body.empty() || response.body.find_first_of("\r\n") != std::string::npos) {
        throw Error(ErrorCode::network,
                    "the instance metadata service at {} gives no token (HTTP {}); switch version 2 of it on, and let "
                    "its hop limit be 2 inside of containers",
                    endpoint_, response.status);
    }
    token_ = response.body;
    token_expires_ = surroundings_.now() + kTokenLife - std::chrono::minutes(5);
    return token_;
}

std::optional<std::string> InstanceMetadata::read(const std::string& path) {
    if (!enabled_) {
        throw Error(ErrorCode::network,
                    "the instance metadata service is switched off by AWS_EC2_METADATA_DISABLED=true; unset it");
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    for (int attempt = 1;; ++attempt) {
        HttpRequest request;
        request.url = endpoint_ + "/latest/" + path;
        request.headers = {"X-aws-ec2-metadata-token: " + token()};
        request.timeout = std::chrono::seconds(3);
        const HttpResponse response = send_with_retries(request, path);
        if (response.ok()) return response.body;
        if (response.status == 404) return std::nullopt;
        token_.clear();  // 401: it has expired, after a pause of the machine for instance
        if (response.status != 401 || attempt == 2) {
            throw Error(ErrorCode::network,
                        "the instance metadata service at {} refuses {} (HTTP {}); see the instance's metadata options",
                        endpoint_, path, response.status);
        }
    }
}

std::string InstanceMetadata::must_read(const std::string& path) {
    const std::optional<std::string> text = read(path);
    if (!text || text->empty()) fail_senseless(path);
    return *text;
}

std::string InstanceMetadata::instance_id() {
    return must_read("meta-data/instance-id");
}
std::string InstanceMetadata::instance_type() {
    return must_read("meta-data/instance-type");
}
std::string InstanceMetadata::availability_zone() {
    return must_read("meta-data/placement/availability-zone");
}
std::string InstanceMetadata::region() {
    return must_read("meta-data/placement/region");
}
std::string InstanceMetadata::image_id() {
    return must_read("meta-data/ami-id");
}
std::string InstanceMetadata::life_cycle() {
    return must_read("meta-data/instance-life-cycle");
}

std::map<std::string, std::string> InstanceMetadata::tags() {
    std::map<std::string, std::string> result;
    std::istringstream names(read("meta-data/tags/instance").value_or(""));
    for (std::string name; std::getline(names, name);) {
        if (name.empty()) continue;
        if (auto value = read("meta-data/tags/instance/" + percent_encode(name))) result[name] = std::move(*value);
    }
    return result;
}

std::optional<SpotNotice> InstanceMetadata::spot_notice() {
    const std::string path = "meta-data/spot/instance-action";
    const std::optional<std::string> text = read(path);
    if (!text) return std::nullopt;
    const nlohmann::json json = nlohmann::json::parse(*text, nullptr, false);
    const std::string action = text_of(json, "action");
    const auto time = parse_iso_time(text_of(json, "time"));
    if (action.empty() || !time) fail_senseless(path);
    return SpotNotice{action, *time};
}

std::optional<TimePoint> InstanceMetadata::rebalance_notice() {
    const std::string path = "meta-data/events/recommendations/rebalance";
    const std::optional<std::string> text = read(path);
    if (!text) return std::nullopt;
    const auto time = parse_iso_time(text_of(nlohmann::json::parse(*text, nullptr, false), "noticeTime"));
    if (!time) fail_senseless(path);
    return time;
}

std::optional<Credentials> InstanceMetadata::role_credentials() {
    const std::string path = "meta-data/iam/security-credentials/";
    const std::optional<std::string> roles = read(path);
    const std::string role = roles ? roles->substr(0, roles->find_first_of("\r\n")) : "";
    if (role.empty()) return std::nullopt;
    const std::optional<std::string> json = read(path + percent_encode(role));
    if (!json) return std::nullopt;
    return parse_role_credentials(*json, "the instance's role " + role);
}

Credentials parse_role_credentials(const std::string& text, const std::string& origin) {
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    const std::string code = text_of(json, "Code");
    if (!code.empty() && code != "Success") {
        throw Error(ErrorCode::permission, "{} gives no credentials ({}: {}); check the role and who may assume it",
                    origin, code, text_of(json, "Message"));
    }
    Credentials result;
    result.access_key_id = text_of(json, "AccessKeyId");
    result.secret_access_key = Secret(text_of(json, "SecretAccessKey"));
    result.session_token = Secret(text_of(json, "Token"));
    result.expires = parse_iso_time(text_of(json, "Expiration"));
    result.origin = origin;
    const bool has_expiration = json.is_object() && json.contains("Expiration");
    if (result.access_key_id.empty() || result.secret_access_key.empty() || (has_expiration && !result.expires)) {
        throw Error(ErrorCode::network, "{} answers with something that is not credentials; check what answers there",
                    origin);
    }
    return result;
}

}  // namespace ft::aws
