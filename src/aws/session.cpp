#include "aws/session.h"

#include "aws/profile_file.h"
#include "base/log.h"

namespace ft::aws {

Session::Session(SessionOptions options) : options_(std::move(options)) {
    if (options_.region.empty()) options_.region = configured_region(options_.surroundings);
    if (!options_.credentials) {
        auto metadata = std::make_shared<InstanceMetadata>(options_.surroundings);
        options_.credentials = std::make_shared<CredentialChain>(options_.surroundings, std::move(metadata));
    }
    options_.http.address_setting = "AWS_ENDPOINT_URL";
    if (options_.http.certificates.empty()) {
        options_.http.certificates = options_.surroundings.variable("AWS_CA_BUNDLE");
    }
}

HttpSend Session::make_send() const {
    return options_.make_send ? options_.make_send() : http_send(options_.http);
}

std::string Session::configured_endpoint(const std::string& variable, std::string* setting) const {
    if (options_.surroundings.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true") return {};
    for (const std::string& name : {"AWS_ENDPOINT_URL_" + variable, std::string("AWS_ENDPOINT_URL")}) {
        const std::string url = options_.surroundings.variable(name);
        if (url.empty()) continue;
        if (setting != nullptr) *setting = name;
        return url;
    }
    return {};
}

std::string Session::endpoint(const std::string& service, const std::string& variable) const {
    std::string setting;
    const std::string url = configured_endpoint(variable, &setting);
    if (!url.empty()) return checked_endpoint(url, setting);
    const char* domain = region().starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    return fmt::format("https://{}.{}.{}", service, region(), domain);
}

bool Session::is_amazons_own(const std::string& variable) const {
    return configured_endpoint(variable, nullptr).empty();
}

TimePoint Session::now() const {
    return options_.surroundings.now() + std::chrono::seconds(correction_s_.load());
}

void Session::correct_clock(std::chrono::seconds by) {
    correction_s_ += by.count();
    spdlog::warn("this machine's clock differs by {} s from AWS's; requests are signed with theirs", by.count());
}

}  // namespace ft::aws
