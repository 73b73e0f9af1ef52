#pragma once
// Sends what is due in the outbox: claim → one try → record, on the webhooks' schedule.
#include <functional>
#include <string>

#include "base/clock.h"
#include "jobs/job_store.h"
#include "jobs/notifier.h"

namespace ft {

/// Uniform in [0, 1). Called by the threads of whoever was given it.
using Random = std::function<double()>;

struct OutboxOptions {
    int64_t lease_ms = 30000;      ///< longer than the longest try (15 s); so late is a message whose sender died
    int limit = 100;               ///< tries in this call
    std::string job_id;            ///< only this job's; empty: all
    int64_t budget_ms = 0;         ///< no try begins later than this after the call; 0: no limit
    bool stop_at_failure = false;  ///< for a worker, whose time costs more than a late message
};

struct OutboxRun {
    int delivered = 0, again = 0, given_up = 0;
};

/// Any number of callers at once, in any number of processes: an event is with one of them. A caller that dies leaves
/// its event due again after lease_ms, so that a message may come twice, with one id, but is never lost. Throws Error
/// when the store does not answer; when the notifier cannot even try, the event waits and the call ends.
OutboxRun deliver_due(JobStore& store, Notifier& notifier, const Clock& clock, const Random& random,
                      const OutboxOptions& options = {});

}  // namespace ft
