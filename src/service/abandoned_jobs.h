#pragma once
// Jobs whose worker has died on this machine, taken up again without waiting for their leases.
#include "base/clock.h"
#include "jobs/job_store.h"
#include "jobs/outbox.h"
#include "jobs/retry_policy.h"

namespace ft {

/// Ends the attempts of processes that are gone as crashes, so that a recording that kills its worker is given up in
/// the end. Returns how many. Safe beside everything else. Throws Error when the store does not answer.
int end_abandoned_attempts(JobStore& store, const Clock& clock, const Random& random, const JobRetryPolicy& policy);

}  // namespace ft
