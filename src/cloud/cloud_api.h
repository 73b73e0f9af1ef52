#pragma once
// TranscriptionApi: the routes of jobs behind an HTTP API of API Gateway (payload 2.0). Paths and JSON are those of the
// local server (docs/api.md); who may ask is the gateway's to check (AWS_IAM).
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cloud/ports.h"
#include "cloud/settings.h"
#include "jobs/job_store.h"
#include "server/job_request.h"
#include "server/router.h"

namespace ft::cloud {

/// Everything outlives the routes.
struct CloudApiParts {
    JobStore& store;
    Uploads& uploads;
    Links& links;
    const Clock& clock;
    const CloudSettings& settings;
    const JobRules& rules;
};

/// The routes without "/v1".
std::vector<Route> cloud_routes(const CloudApiParts& parts);

/// The gateway's event → its answer. Whatever goes wrong is an answer too; throws Error{invalid_argument} only for an
/// event that is none of an HTTP API's.
std::string answer_gateway(const Router& router, std::string_view payload);

}  // namespace ft::cloud
