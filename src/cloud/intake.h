#pragma once
// An object in the bucket becomes a job: for the events of S3 and for the reaper's sweep. Any number at once, in any
// order, as often as it may be.
#include <string>

#include "cloud/ports.h"
#include "cloud/settings.h"
#include "jobs/job_store.h"
#include "server/job_request.h"

namespace ft::cloud {

/// Everything outlives the calls.
struct IntakeParts {
    JobStore& store;
    Uploads& uploads;
    const CloudSettings& settings;
    const JobRules& rules;
};

enum class Taken {
    not_ours,  ///< no recording: another prefix, a folder's mark
    gone,      ///< deleted, or replaced, since
    known,     ///< its job was made before
    made,      ///< a job was made, or the one that awaited it is due
};

/// `version` empty: the current one. Throws Error when a service does not answer.
Taken take_upload(const IntakeParts& parts, const std::string& key, const std::string& version);

}  // namespace ft::cloud
