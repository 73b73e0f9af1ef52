#pragma once
// TranscriptionReaper: what events, workers and machines have left undone. Runs every few minutes; safe beside itself
// and everything else.
#include <functional>
#include <string>
#include <vector>

#include "cloud/intake.h"
#include "cloud/launcher.h"
#include "jobs/notifier.h"
#include "jobs/object_store.h"

namespace ft::cloud {

/// Everything outlives the reaper.
struct ReaperParts {
    JobStore& store;
    ObjectStore& objects;  ///< of results, and of what the reaper remembers
    Machines& machines;
    IntakeParts intake;
    Launcher& launcher;
    Notifier& notifier;
    const Clock& clock;
    Random random;
    std::function<void()> prepare;                         ///< makes the table when it is missing
    std::function<void(const std::string& line)> metrics;  ///< gets one line in the embedded metric format
};

struct ReaperOptions {
    ReapLimits limits;
    int64_t sweep_every_ms = 1800000;   ///< bucket against table
    int64_t sweep_after_ms = 600000;    ///< an event may take so long
    int64_t sweep_back_ms = 172800000;  ///< older objects were swept before
};

struct ReaperRun {
    int terminated = 0, launched = 0, resumed = 0;
    int arrived = 0, never_came = 0;  ///< recordings that jobs awaited
    int swept = 0;                    ///< objects whose event was lost
    int delivered = 0, deleted = 0;
    std::vector<std::string> failures;  ///< one sentence for each step that failed; the others were done
};

class Reaper {
  public:
    Reaper(ReaperParts parts, const CloudSettings& settings, const ReaperOptions& options = {});

    /// `in_time`: false when the function's time is nearly over; asked before each long step. Never throws Error.
    ReaperRun run(const std::function<bool()>& in_time);

    static constexpr const char* memory_key = "reaper/memory.json";

  private:
    struct Memory {
        std::vector<Suspicion> suspicions;
        int64_t swept_ms = 0;
        bool operator==(const Memory&) const = default;
    };

    Memory recall();
    void remember(const Memory& memory);
    std::vector<std::string> reap(Memory& memory, ReaperRun& run);
    void look_for_awaited(ReaperRun& run);
    void sweep(ReaperRun& run, const std::function<bool()>& in_time);
    void deliver(ReaperRun& run, const std::function<bool()>& in_time);
    void tell_metrics(const ReaperRun& run);

    ReaperParts parts_;
    const CloudSettings& settings_;
    ReaperOptions options_;
};

/// {"terminated": 0, …, "failures": […]}
std::string to_json(const ReaperRun& run);

}  // namespace ft::cloud
