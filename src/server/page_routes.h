#pragma once
// GET / and /page/{file}: the page for people (src/server/page/), as part of the program.
#include <string_view>
#include <vector>

#include "server/api_parts.h"
#include "server/router.h"

namespace ft {

std::vector<Route> page_routes(const ApiParts& parts);

/// The page says nothing that a stranger may not know, and has to be there before it can ask for a key.
bool is_page_path(std::string_view path);

}  // namespace ft
