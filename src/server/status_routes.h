#pragma once
// /health, /ready, /metrics.
#include <vector>

#include "server/api_parts.h"
#include "server/router.h"

namespace ft {

/// `parts` outlives the routes.
std::vector<Route> status_routes(const ApiParts& parts);

/// These two say nothing that a stranger may not know, and load balancers have no keys.
bool is_open_path(std::string_view path);

}  // namespace ft
