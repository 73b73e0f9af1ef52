#include "net/url.h"

#include <curl/curl.h>

#include <memory>

#include "base/text.h"

namespace ft {

namespace {

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
    std::string result = lower_ascii(text);
    curl_free(text);
    return result;
}

}  // namespace

std::optional<UrlParts> parse_url(const std::string& url) {
    const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
    // A zero byte would end the text early.
    if (!parsed || url.find('\0') != std::string::npos) return std::nullopt;
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
    UrlParts parts;
    parts.scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    parts.host = part_of(parsed.get(), CURLUPART_HOST);
    parts.port = part_of(parsed.get(), CURLUPART_PORT);
    char* user = nullptr;
    for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD}) {
        // "https://@host" has an empty one.
        if (curl_url_get(parsed.get(), part, &user, 0) != CURLUE_OK) continue;
        curl_free(user);
        parts.has_user = true;
    }
    return parts;
}

}  // namespace ft
