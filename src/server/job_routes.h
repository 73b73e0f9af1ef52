#pragma once
// /jobs: make, list, show, follow, cancel, retry; results; deliveries (docs/server.md).
#include <vector>

#include "server/api_parts.h"
#include "server/router.h"

namespace ft {

/// `parts` outlives the routes.
std::vector<Route> job_routes(const ApiParts& parts);

}  // namespace ft
