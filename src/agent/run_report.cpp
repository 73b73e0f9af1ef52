#include "agent/run_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/dump_json.h"
#include "base/log.h"

namespace ft {

double cost_usd(double price_usd_hour, int64_t duration_ms) {
    return price_usd_hour * static_cast<double>(duration_ms) / 3600000.0;
}

RunReport::RunReport(const Clock& clock, Machine machine)
    : clock_(clock),
      machine_(std::move(machine)),
      // A machine of EC2 is paid for from its boot on, any other for what the worker does there.
      first_ms_(machine_.is_instance() ? 0 : clock.boot_ms()),
      paid_until_ms_(first_ms_) {
    if (machine_.is_instance()) stages_.push_back({"kernel", 0});
    stages_.push_back({"worker", clock.boot_ms()});
}

int64_t RunReport::wall_ms_of(int64_t boot_ms) const {
    return clock_.wall_ms() - (clock_.boot_ms() - boot_ms);
}

void RunReport::stage(const std::string& name) {
    const int64_t now_ms = clock_.boot_ms();
    const std::lock_guard lock(mutex_);
    const bool known = std::any_of(stages_.begin(), stages_.end(), [&](const Stage& s) { return s.name == name; });
    if (known) return;
    stages_.push_back({name, now_ms});
    spdlog::info("{} {:.2f} s after the worker's start", name,
                 static_cast<double>(now_ms - stages_[machine_.is_instance() ? 1 : 0].boot_ms) / 1000);
}

void RunReport::note(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(sentence);
}

void RunReport::set_image(const ImageVerdict& verdict) {
    const std::lock_guard lock(mutex_);
    image_ = verdict;
}

void RunReport::set_price(double price) {
    const std::lock_guard lock(mutex_);
    price_ = price;
}

void RunReport::on_step(const Job& job, WorkerStep step) {
    const int64_t now_ms = clock_.boot_ms();
    spdlog::info("job {}: {}", job.id, to_string(step));
    const std::lock_guard lock(mutex_);
    std::vector<Stage>& stages = jobs_[job.id];
    if (step == WorkerStep::claimed) stages.clear();
    stages.push_back({std::string(to_string(step)), now_ms});
    if (step == WorkerStep::notified) jobs_.erase(job.id);
}

std::string RunReport::run_report(const Job& job) {
    const int64_t now_ms = clock_.boot_ms();
    const std::lock_guard lock(mutex_);
    using Json = nlohmann::ordered_json;
    Json report = Json::object();
    if (machine_.is_instance()) {
        report["instance"] = {{"id", machine_.instance_id},
                              {"type", machine_.type},
                              {"zone", machine_.zone},
                              {"life_cycle", machine_.life_cycle},
                              {"image_id", machine_.image_id}};
    }
    if (image_) report["image"] = {{"verdict", to_string(image_->kind)}, {"detail", image_->detail}};
    if (!notes_.empty()) report["notes"] = notes_;
    std::vector<Stage> stages = stages_;
    const std::vector<Stage>& of_job = jobs_[job.id];
    stages.insert(stages.end(), of_job.begin(), of_job.end());
    std::stable_sort(stages.begin(), stages.end(),
                     [](const Stage& a, const Stage& b) { return a.boot_ms < b.boot_ms; });
    Json lines = Json::array();
    // The launch itself is in the job's own timeline, written by who asked for the machine.
    for (auto entry = job.timeline.rbegin(); entry != job.timeline.rend(); ++entry) {
        if (entry->state != JobState::launching) continue;
        lines.push_back({{"name", "launched"}, {"at_ms", entry->at_ms}});
        break;
    }
    for (const Stage& stage : stages) {
        lines.push_back({{"name", stage.name},
                         {"at_ms", wall_ms_of(stage.boot_ms)},
                         {"since_boot_s", static_cast<double>(stage.boot_ms - first_ms_) / 1000}});
    }
    report["stages"] = std::move(lines);
    if (price_) {
        report["price_usd_hour"] = *price_;
        report["cost_usd"] = cost_usd(*price_, now_ms - paid_until_ms_);
    }
    paid_until_ms_ = now_ms;
    return dump_json(report);
}

}  // namespace ft
