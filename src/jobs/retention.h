#pragma once
// Deletes what nobody needs any more: old finished jobs with all their objects, and objects without a job.
#include <cstdint>

#include "jobs/job_store.h"
#include "jobs/object_store.h"

namespace ft {

struct RetentionRun {
    int64_t jobs = 0, objects = 0;
    int64_t stuck = 0;  ///< jobs whose objects could not be deleted now; the next run tries again
};

/// Terminal jobs not changed since `before_ms`. Objects go first, so that a crash leaves a job to be found again. Safe
/// beside everything else, and beside itself. Throws Error when the store does not answer.
RetentionRun delete_expired(JobStore& store, ObjectStore& objects, int64_t before_ms);

/// Objects last changed before `before_ms` whose job is unknown: uploads whose request was never finished.
RetentionRun delete_orphans(JobStore& store, ObjectStore& objects, int64_t before_ms);

}  // namespace ft
