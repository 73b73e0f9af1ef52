#pragma once
// Where a machine's time went, and what a job has cost: goes with the commit into JobResult::run.
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/image_check.h"
#include "agent/machine.h"
#include "base/clock.h"
#include "jobs/worker_observer.h"

namespace ft {

/// {"instance": {…}, "image": {"verdict", "detail"}, "notes": […], "stages": [{"name", "at_ms", "since_boot_s"}],
///  "price_usd_hour", "cost_usd"}: docs/aws_internals.md, "The worker". Any thread may call any function.
class RunReport : public WorkerObserver {
  public:
    /// Stages so far: the kernel's start, and now as the worker's. `clock` outlives it.
    RunReport(const Clock& clock, Machine machine);

    /// Of the machine, once; the first call of a name counts.
    void stage(const std::string& name);
    void note(const std::string& sentence);
    void set_image(const ImageVerdict& verdict);
    /// USD an hour.
    void set_price(double price);

    void on_step(const Job& job, WorkerStep step) override;
    /// The machine's stages, then the job's. A job costs the machine's time since the report before it (the first one:
    /// since the kernel's start), so that the costs of a machine's jobs add up to what it has cost until the last one.
    std::string run_report(const Job& job) override;

  private:
    struct Stage {
        std::string name;
        int64_t boot_ms;
    };
    int64_t wall_ms_of(int64_t boot_ms) const;

    const Clock& clock_;
    const Machine machine_;
    const int64_t first_ms_;  // from when on time is paid for, boot clock
    mutable std::mutex mutex_;
    std::vector<Stage> stages_;
    std::map<std::string, std::vector<Stage>> jobs_;
    std::vector<std::string> notes_;
    std::optional<ImageVerdict> image_;
    std::optional<double> price_;
    int64_t paid_until_ms_;
};

/// USD for so long at so much an hour.
double cost_usd(double price_usd_hour, int64_t duration_ms);

}  // namespace ft
