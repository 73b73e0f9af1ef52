#include "server/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/utf8.h"

namespace ft {

namespace {

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> parts;
    for (size_t begin = 1; begin <= path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        parts.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::optional<PathParts> match(const std::string& pattern, std::string_view path) {
    const std::vector<std::string> wanted = split_path(pattern), given = split_path(path);
    if (wanted.size() != given.size() || path.empty() || path.front() != '/') return std::nullopt;
    PathParts parts;
    for (size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].starts_with('{')) {
            if (given[i].empty()) return std::nullopt;
            parts.push_back(given[i]);
        } else if (wanted[i] != given[i]) {
            return std::nullopt;
        }
    }
    return parts;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

std::string Router::pattern_of(std::string_view path) const {
    for (const Route& route : routes_) {
        if (match(route.pattern, path)) return route.pattern;
    }
    return "";
}

ApiReply Router::handle(const ApiRequest& request) const {
    const std::string method = request.method == "HEAD" ? "GET" : request.method;
    std::string allowed;
    try {
        for (const auto& [name, value] : request.query) {
            // It would end every sentence that repeats it.
            if ((name + value).find('\0') != std::string::npos)
                throw ApiRefusal(400, "invalid_argument", "the query has a zero byte in it (%00)");
        }
        for (const Route& route : routes_) {
            const auto parts = match(route.pattern, request.path);
            if (!parts) continue;
            if (route.method == method) return route.handle(request, *parts);
            allowed += (allowed.empty() ? "" : ", ") + route.method;
        }
    } catch (const std::exception& error) {
        return error_reply(error);
    }
    const std::string path = valid_utf8(request.path.substr(0, 200));
    if (allowed.empty())
        return error_reply(404, "unknown_path",
                           fmt::format("there is nothing at {}; docs/server.md lists the paths", path));
    ApiReply reply = error_reply(405, "method_not_allowed", fmt::format("{} takes {} only", path, allowed));
    reply.headers.emplace_back("Allow", allowed);
    return reply;
}

}  // namespace ft
