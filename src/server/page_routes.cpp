#include "server/page_routes.h"

#include <algorithm>

#include "base/text.h"
#include "base/user_input.h"
#include "server/page/page_files.h"

namespace ft {

namespace {

/// Nothing but our own files and connections. The page writes data with textContent only, and browsers that know
/// Trusted Types refuse anything else.
constexpr const char* page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

std::string content_type_of_file(std::string_view name) {
    if (name.ends_with(".html")) return "text/html; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    return "image/svg+xml";
}

/// Whether If-None-Match names what we have: a list of tags, weak ones too, or "*".
bool is_known(const std::string& if_none_match, std::string_view etag) {
    for (const std::string& given : split_list(if_none_match)) {
        const std::string tag = trimmed(given);
        if (tag == "*" || (tag.starts_with("W/") ? tag.substr(2) : tag) == etag) return true;
    }
    return false;
}

ApiReply page_file(const ApiRequest& request, std::string_view name) {
    const auto& files = page_files();
    const auto file = std::find_if(files.begin(), files.end(), [name](const PageFile& f) { return f.name == name; });
    if (file == files.end()) throw ApiRefusal(404, "unknown_path", "the page has no such file");
    ApiReply reply;
    reply.type = content_type_of_file(file->name);
    reply.headers = {{"ETag", std::string(file->etag)},
                     {"Cache-Control", "no-cache"},  // another version of the program has other files
                     {"Content-Security-Policy", page_policy},
                     {"Referrer-Policy", "same-origin"},
                     {"Cross-Origin-Opener-Policy", "same-origin"},
                     {"Cross-Origin-Resource-Policy", "same-origin"},
                     {"X-Frame-Options", "DENY"}};
    if (is_known(request.header("if-none-match"), file->etag))
        reply.status = 304;
    else
        reply.body = file->bytes;
    return reply;
}

}  // namespace

std::vector<Route> page_routes(const ApiParts&) {
    return {
        {"GET", "/", [](const ApiRequest& request, const PathParts&) { return page_file(request, "index.html"); }},
        {"GET", "/page/{file}",
         [](const ApiRequest& request, const PathParts& parts) { return page_file(request, parts[0]); }},
    };
}

bool is_page_path(std::string_view path) {
    return path == "/" || path.starts_with("/page/");
}

}  // namespace ft
