#pragma once
// Asks for the machines that the waiting jobs are worth. ProcessUpload and the reaper both do it; any number at once.
#include <string>
#include <vector>

#include "base/clock.h"
#include "cloud/ports.h"
#include "cloud/settings.h"
#include "jobs/job_store.h"
#include "jobs/outbox.h"

namespace ft::cloud {

/// Everything outlives the launcher.
struct LauncherParts {
    JobStore& store;
    Machines& machines;
    Uploads& uploads;
    const Clock& clock;
    Random random;
};

struct LaunchRun {
    int launched = 0, resumed = 0;
    int refused = 0;    ///< recordings that are gone, empty or too long: failed without a machine
    std::string error;  ///< of the last launch that brought no machine; empty: none
};

/// A launch is written into the record first (its launch_seq), then asked for under a token made of both. One whose
/// answer was lost, or whose caller died, stays `launching`, and the next call that finds no machine of it asks for the
/// same again, with the same token.
class Launcher {
  public:
    Launcher(LauncherParts parts, const CloudSettings& settings) : parts_(std::move(parts)), settings_(settings) {}

    /// `lost`: running jobs that the reaper found without a worker. Throws Error when a service does not answer; may be
    /// repeated.
    LaunchRun run(const std::vector<std::string>& lost = {});

    static constexpr int most_jobs = 5000;  ///< looked at in a run

  private:
    enum class Asked { launched, again, failed };

    void resume(const std::vector<Job>& jobs, const std::vector<Machine>& machines, LaunchRun& run);
    /// False when it would be in vain to go on.
    bool launch(const std::string& id, LaunchRun& run);
    Asked ask(const Job& job, LaunchRun& run);
    /// Why no machine need be paid for; nothing when the recording is there.
    std::optional<JobError> wrong_with(const JobInput& input);

    LauncherParts parts_;
    const CloudSettings& settings_;
    JobRetryPolicy retry_;
};

}  // namespace ft::cloud
