#pragma once
// OpenAI's audio API over jobs: /v1/audio/transcriptions, /v1/audio/translations, /v1/models (docs/server.md says why
// over jobs).
#include <vector>

#include "server/api_parts.h"
#include "server/router.h"

namespace ft {

/// `parts` outlives the routes.
std::vector<Route> openai_routes(const ApiParts& parts);

}  // namespace ft
