#pragma once
// GET /jobs/{id}/audio: the recording that was uploaded, to be listened to.
#include <string_view>
#include <vector>

#include "server/api_parts.h"
#include "server/router.h"

namespace ft {

/// `parts` outlives the routes.
std::vector<Route> audio_routes(const ApiParts& parts);

/// What a recording's first bytes say that it is, as a content type; "application/octet-stream" when they say nothing.
/// Never a type that a browser would show or run as a page, whatever was uploaded.
std::string_view media_type_of(std::string_view first_bytes);

}  // namespace ft
