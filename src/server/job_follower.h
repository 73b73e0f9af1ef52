#pragma once
// How a job goes on, for streams: whatever process works on it, as the store and its checkpoints tell all there is.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/job_store.h"
#include "jobs/object_store.h"
#include "jobs/transcribe.h"

namespace ft {

/// How often those who wait for a job look at it.
inline constexpr int64_t follow_ms = 100;

class JobFollower {
  public:
    /// What it refers to outlives it.
    JobFollower(JobStore& store, ObjectStore& objects, Transcribe& transcribe, std::string job_id);

    struct News {
        bool gone = false;       ///< the job was deleted
        bool new_state = false;  ///< of the state or the attempt; also the first time
        bool new_progress = false;
        Job job;
        std::vector<FinishedWindow> windows;  ///< that have been finished since, ascending
    };
    /// What has changed since the last call. One thread. Throws as the stores do.
    News look();

  private:
    JobStore& store_;
    ObjectStore& objects_;
    Transcribe& transcribe_;
    const std::string job_id_;
    std::optional<Job> last_;
    std::string plan_;
    std::set<int64_t> known_;
};

}  // namespace ft
