#pragma once
// How long an answer asks to wait.
#include <chrono>
#include <ctime>
#include <optional>

#include "net/http_client.h"

namespace ft {

/// What the answer's Retry-After asks for (seconds, or a date), at most a day; nothing when it has none that makes
/// sense.
std::optional<std::chrono::seconds> retry_after(const HttpResponse& response, std::time_t now);

}  // namespace ft
