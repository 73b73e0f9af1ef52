#include "aws/http_send.h"

#include <memory>

#include "base/error.h"

namespace ft::aws {

HttpSend http_send(const HttpOptions& options) {
    auto client = std::make_shared<HttpClient>(options);
    return [client](const HttpRequest& request) { return client->send_once(request); };
}

std::string checked_endpoint(std::string url, const std::string& setting) {
    while (!url.empty() && url.back() == '/') url.pop_back();
    const bool http = url.starts_with("http://") || url.starts_with("https://");
    if (!http || host_of(url).empty() || url.find_first_of("?# \t\r\n@") != std::string::npos) {
        throw Error(ErrorCode::invalid_argument,
                    "{} is not an address like https://host or http://127.0.0.1:5000; correct or unset it", setting);
    }
    return url;
}

}  // namespace ft::aws
