#pragma once
// Server-sent events: how a job goes on, as text for a browser's EventSource.
#include <string>
#include <string_view>

#include "server/api_parts.h"

namespace ft {

/// "event: <name>\ndata: <data>\n\n"; `name` may be empty. `data` must be one line, as JSON is.
std::string sse_event(std::string_view name, std::string_view data);

/// The stream of GET /jobs/{id}/events: `state` (the job) at once and whenever it changes, `progress`, `text` (a
/// window) and, when the job has ended, `end`. A comment every 15 s keeps proxies from hanging up. Whoever connects
/// again is told everything again.
ApiReply follow_job(const ApiParts& parts, const std::string& job_id);

}  // namespace ft
