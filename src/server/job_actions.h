#pragma once
// What the routes of jobs do to the store, the same on one machine and in the cloud. Whoever calls them wakes the
// workers.
#include <string>

#include "jobs/job_store.h"
#include "server/api.h"

namespace ft {

/// Throws ApiRefusal{404}.
Job find_job(JobStore& store, const std::string& id);

/// ?state=…&search=…&cursor=…&limit=…
ApiReply list_jobs(JobStore& store, const ApiRequest& request);
/// Throw ApiRefusal{409} when the job's state does not allow it.
ApiReply cancel_job(JobStore& store, const std::string& id);
ApiReply retry_job(JobStore& store, const std::string& id);
ApiReply list_deliveries(JobStore& store, const std::string& id);
/// {"event_id": "msg_…"}; without it, all that will not be tried any more by itself.
ApiReply replay_deliveries(JobStore& store, const ApiRequest& request, const std::string& id);

}  // namespace ft
