#pragma once
// Paths → functions.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/api.h"

namespace ft {

/// What stood at the places of the pattern's "{…}", in their order.
using PathParts = std::vector<std::string>;
using RouteFunction = std::function<ApiReply(const ApiRequest& request, const PathParts& parts)>;

struct Route {
    std::string method;   ///< "GET", which HEAD may use too
    std::string pattern;  ///< "/jobs/{id}/result"
    RouteFunction handle;
};

class Router {
  public:
    explicit Router(std::vector<Route> routes);

    const std::vector<Route>& routes() const { return routes_; }
    /// The pattern that the path has, whatever the method; empty: none. For counting.
    std::string pattern_of(std::string_view path) const;
    /// Calls the route; whatever goes wrong becomes a reply: 404 for an unknown path, 405 for another method.
    ApiReply handle(const ApiRequest& request) const;

  private:
    std::vector<Route> routes_;
};

}  // namespace ft
