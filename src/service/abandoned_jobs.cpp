#include "service/abandoned_jobs.h"

#include "base/log.h"
#include "service/process_name.h"

namespace ft {

int end_abandoned_attempts(JobStore& store, const Clock& clock, const Random& random, const JobRetryPolicy& policy) {
    int ended = 0;
    JobFilter filter;
    filter.states = {JobState::running};
    do {
        const JobPage page = store.list(filter);
        for (const Job& job : page.jobs) {
            if (!is_gone(job.owner)) continue;
            const JobFailure failure{
                FailureClass::crash, {"worker_gone", "the process that worked on it ended without a word"}, {}};
            const RetryDecision decision = decide_retry(policy, job, failure, clock.wall_ms(), random());
            if (store.end_attempt({job.id, job.owner, job.fence}, decision) != StoreResult::done) continue;
            spdlog::info("job {}: its worker is gone; {}", job.id, to_string(decision.state));
            ++ended;
        }
        filter.cursor = page.next;
    } while (!filter.cursor.empty());
    return ended;
}

}  // namespace ft
