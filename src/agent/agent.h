#pragma once
// The work of one machine: its own job, then others, until the policy (work_policy.h) says that it is over.
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "agent/work_policy.h"
#include "jobs/worker.h"

namespace ft {

struct AgentOptions {
    WorkerOptions worker;  ///< its owner gets each worker's number behind it; job_id and launch_seq are not used
    std::string job_id;    ///< what the machine was launched for; empty: nothing in particular
    int launch_seq = -1;   ///< of that job, when the machine was asked for
    int workers = 2;       ///< jobs at once: one is fetched and decoded while the other is computed
    WorkLimits limits;
    int64_t look_ms = 2000;       ///< how often it looks for a job
    std::function<void()> alive;  ///< called by run(), as long as it decides; may be empty
    int64_t alive_every_ms = 1000;
};

class Agent {
  public:
    /// What the parts refer to outlives it.
    Agent(const WorkerParts& parts, const AgentOptions& options);
    /// Waits for the workers.
    ~Agent();
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    struct Outcome {
        EndReason reason = EndReason::idle;
        /// False: a worker has not given its job back in time. The process must then end without another look at the
        /// agent; the lease of that job runs out by itself.
        bool all_ended = true;
    };
    /// Once. Returns when the machine has nothing more to do.
    Outcome run();
    /// Any thread, also before run(), and again: the more urgent reason stays.
    void stop(EndReason reason);

  private:
    struct Slot;

    void work(Slot& slot);
    Round round(Slot& slot, bool own);
    WorkFacts facts() const;
    void stop_workers();

    const Clock& clock_;
    const AgentOptions options_;
    std::mutex mutex_;
    std::condition_variable changed_;
    // Under mutex_:
    int64_t began_ms_, idle_since_ms_;
    std::optional<int64_t> silent_since_ms_, stopped_ms_;
    std::optional<EndReason> stop_, reason_;
    bool own_job_, worked_ = false, looked_ = false;
    int running_ = 0;
    std::vector<std::unique_ptr<Slot>> slots_;
};

/// The machine cannot work on the job that it was launched for (no GPU, another image): another one may. Nothing
/// happens when the job has been launched again or is somebody else's. Throws Error when the store does not answer.
void refuse_launch(JobStore& store, const AgentOptions& options, const JobError& error, const Clock& clock,
                   const Random& random);

}  // namespace ft
