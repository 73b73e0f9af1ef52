#include "cloud_access.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "aws/retries.h"
#include "aws/sigv4.h"
#include "base/error.h"
#include "base/file.h"
#include "server_address.h"

namespace ft {

namespace {

using nlohmann::json;
using Variable = std::function<std::string(const char* name)>;

constexpr const char* url_variable = "FT_CLOUD_URL";

std::filesystem::path settings_file(const Variable& variable) {
    const std::string config = variable("XDG_CONFIG_HOME"), home = variable("HOME");
    if (config.empty() && home.empty()) return {};
    return (config.empty() ? std::filesystem::path(home) / ".config" : std::filesystem::path(config)) /
           "fast-transcribe/cloud.json";
}

/// "…execute-api.eu-north-1.amazonaws.com" → "eu-north-1"; else empty.
std::string region_in(const std::string& url) {
    const std::string host = host_of(url), mark = ".execute-api.";
    const size_t at = host.find(mark);
    if (at == std::string::npos) return "";
    const size_t begin = at + mark.size();
    return host.substr(begin, host.find('.', begin) - begin);
}

CloudAddress checked(std::string url, std::string region, const std::string& origin) {
    auto address = server_address(url);
    if (!address)
        throw Error(ErrorCode::invalid_argument,
                    "{} {}: must be the API's address, such as https://abc.execute-api.eu-north-1.amazonaws.com",
                    origin, url);
    if (is_open_to_readers(*address))
        throw Error(ErrorCode::invalid_argument,
                    "{} {}: must begin with https://: signed requests carry the session's token", origin, url);
    url = std::move(*address);
    if (!url.ends_with("/v1")) url += "/v1";
    if (region.empty()) region = region_in(url);
    return {std::move(url), std::move(region)};
}

CloudAddress read_settings(const std::filesystem::path& file) {
    const json settings = json::parse(read_file(file, size_t{64} << 10), nullptr, false);
    const auto text = [&settings](const char* name) {
        return settings.is_object() && settings.contains(name) && settings[name].is_string()
                   ? settings[name].get<std::string>()
                   : std::string();
    };
    if (text("api_url").empty())
        throw Error(ErrorCode::invalid_argument,
                    "{}: names no api_url; deploy/aws/setup_infrastructure.sh writes it anew", file.string());
    return checked(text("api_url"), text("region"), file.string() + ":");
}

}  // namespace

CloudAddress find_cloud(const std::string& server, const Variable& variable) {
    if (!server.empty()) return checked(server, "", "--server");
    if (const std::string named = variable(url_variable); !named.empty())
        return checked(named, "", std::string("$") + url_variable);
    const std::filesystem::path file = settings_file(variable);
    std::error_code error;
    if (!file.empty() && std::filesystem::exists(file, error)) return read_settings(file);
    throw Error(ErrorCode::invalid_argument,
                "--cloud: where is it? Give the API's address with --server or ${}; {} would hold it after "
                "deploy/aws/setup_infrastructure.sh",
                url_variable, file.empty() ? "~/.config/fast-transcribe/cloud.json" : file.string());
}

CloudSigner::CloudSigner(const CloudAddress& address, const Variable& variable) {
    aws::SessionOptions options;
    options.region = address.region;
    options.surroundings.variable = [variable](const std::string& name) { return variable(name.c_str()); };
    session_ = std::make_shared<aws::Session>(std::move(options));
}

void CloudSigner::sign(HttpRequest& request) {
    const size_t host_begin = request.url.find("://") + 3;
    const size_t path_begin = std::min(request.url.find('/', host_begin), request.url.size());
    const size_t query_begin = std::min(request.url.find('?', path_begin), request.url.size());
    aws::SigningRequest signing;
    signing.method = request.method;
    signing.path = request.url.substr(path_begin, query_begin - path_begin);
    if (query_begin < request.url.size()) signing.query = request.url.substr(query_begin + 1);
    signing.headers = {{"Host", request.url.substr(host_begin, path_begin - host_begin)}};
    signing.payload_hash = aws::payload_hash(request.body.value_or(""));
    aws::SigningScope scope;
    scope.region = session_->region();
    scope.service = "execute-api";
    scope.time = session_->now();
    const aws::Signature signature = aws::sign_header(signing, scope, session_->credentials().get());
    for (const auto& [name, value] : signature.headers) request.headers.push_back(name + ": " + value);
}

bool CloudSigner::correct_clock(const HttpResponse& response) {
    const auto error = aws::clock_error(response, session_->now());
    if (error) session_->correct_clock(*error);
    return error.has_value();
}

}  // namespace ft
