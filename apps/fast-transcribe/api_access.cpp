#include "api_access.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "net/http_client.h"
#include "server_address.h"

namespace ft {

namespace {

constexpr const char* default_server = "http://127.0.0.1:8080";
constexpr const char* server_variable = "FAST_TRANSCRIBE_SERVER";

Secret checked_key(const std::string& text, const std::string& origin) {
    const std::string key = trimmed(text);
    if (key.empty() || key.find_first_of(" \t\r\n") != std::string::npos)
        throw Error(ErrorCode::invalid_argument, "{}: must hold one key, and nothing else", origin);
    return Secret(key);
}

std::string checked_url(const std::string& url, const std::string& origin) {
    const auto address = server_address(url);
    if (!address)
        throw Error(ErrorCode::invalid_argument,
                    "{} {}: must be the address of a server, such as http://127.0.0.1:8080 or https://example.org/asr",
                    origin, url);
    return *address;
}

ApiAccess cloud_access(const ApiAccessFlags& flags, const std::function<std::string(const char* name)>& variable) {
    if (!flags.key_file.empty())
        throw Error(ErrorCode::invalid_argument,
                    "--api_key_file and --cloud: the cloud knows callers by their AWS credentials; leave the key out");
    const CloudAddress address = find_cloud(flags.server, variable);
    return {address.url, Secret(), std::make_shared<CloudSigner>(address, variable)};
}

}  // namespace

std::vector<Flag> api_access_flags(ApiAccessFlags& gathered) {
    const char* const group = "Server";
    return {
        {"server", 0, "URL", group,
         std::string("where fast-transcribe serve listens (default $") + server_variable + ", else " + default_server +
             ")",
         [&gathered](const std::string& text) { gathered.server = text.empty() ? " " : text; }},
        {"cloud", 0, "", group,
         "the server is a stack on AWS: requests are signed with your AWS credentials (docs/aws.md); its address: "
         "--server, $FT_CLOUD_URL, or as deploy/aws/setup_infrastructure.sh has noted it",
         [&gathered](const std::string& text) { gathered.cloud = text == "true"; }},
        {"api_key_file", 0, "FILE", group,
         std::string("holds the key, where the server wants one (default: the key itself in $") + api_key_variable +
             ")",
         [&gathered](const std::string& text) {
             if (text.empty()) throw Error(ErrorCode::invalid_argument, "--api_key_file: needs a name");
             gathered.key_file = text;
         }},
    };
}

ApiAccess find_api_access(const ApiAccessFlags& flags, const std::function<std::string(const char* name)>& variable) {
    if (flags.cloud) return cloud_access(flags, variable);
    ApiAccess access;
    const std::string named = variable(server_variable);
    access.url = !flags.server.empty() ? checked_url(flags.server, "--server")
                 : !named.empty()      ? checked_url(named, "$" + std::string(server_variable))
                                       : default_server;
    if (!flags.key_file.empty()) {
        access.key = checked_key(read_file(flags.key_file, size_t{64} << 10), flags.key_file);
    } else if (const std::string key = variable(api_key_variable); !key.empty()) {
        access.key = checked_key(key, "$" + std::string(api_key_variable));
    }
    return access;
}

bool is_key_exposed(const ApiAccess& access) {
    return !access.key.empty() && is_open_to_readers(access.url);
}

}  // namespace ft
