#pragma once
// One HTTP exchange, as the clients of this folder see it: libcurl, or what a test puts in its place.
#include <functional>

#include "net/http_client.h"

namespace ft::aws {

/// One request, one answer; redirects are not followed.
using HttpSend = std::function<HttpResponse(const HttpRequest&)>;

/// Over an HttpClient of its own: for one thread at a time.
HttpSend http_send(const HttpOptions& options);

/// "https://host:port" without a slash at its end. Throws Error{invalid_argument} naming `setting` for anything else.
std::string checked_endpoint(std::string url, const std::string& setting);

}  // namespace ft::aws
