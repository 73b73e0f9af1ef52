#include "cloud/reaper.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aws/cloudwatch_client.h"
#include "base/dump_json.h"
#include "base/error.h"
#include "base/log.h"
#include "cloud/upload_key.h"
#include "jobs/retention.h"

namespace ft::cloud {

namespace {

constexpr int page_size = 500;

/// A step that fails must not keep the others from being done.
template <typename Step>
void attempt(const char* name, ReaperRun& run, const Step& step) {
    try {
        step();
    } catch (const Error& error) {
        spdlog::error("reaper: {}: {}", name, error.what());
        run.failures.push_back(fmt::format("{}: {}", name, error.what()));
    }
}

}  // namespace

Reaper::Reaper(ReaperParts parts, const CloudSettings& settings, const ReaperOptions& options)
    : parts_(std::move(parts)), settings_(settings), options_(options) {
    options_.limits.life_ms = settings.machine_life_ms;
}

ReaperRun Reaper::run(const std::function<bool()>& in_time) {
    ReaperRun run;
    Memory memory;
    attempt("table", run, [&] { parts_.prepare(); });
    attempt("memory", run, [&] { memory = recall(); });
    const Memory before = memory;
    std::vector<std::string> lost;
    attempt("machines", run, [&] { lost = reap(memory, run); });
    attempt("awaited recordings", run, [&] { look_for_awaited(run); });
    const int64_t now_ms = parts_.clock.wall_ms();
    const bool sweeps = now_ms - memory.swept_ms >= options_.sweep_every_ms || memory.swept_ms > now_ms;
    if (sweeps && in_time()) {
        attempt("sweep", run, [&] {
            sweep(run, in_time);
            if (settings_.result_days > 0)
                run.deleted = static_cast<int>(
                    delete_expired(parts_.store, parts_.objects, now_ms - int64_t{settings_.result_days} * 86400000)
                        .jobs);
            memory.swept_ms = now_ms;
        });
    }
    attempt("memory", run, [&] {
        if (memory != before) remember(memory);
    });
    attempt("launches", run, [&] {
        const LaunchRun launches = parts_.launcher.run(lost);
        run.launched = launches.launched;
        run.resumed = launches.resumed;
    });
    attempt("messages", run, [&] { deliver(run, in_time); });
    attempt("metrics", run, [&] { tell_metrics(run); });
    return run;
}

std::vector<std::string> Reaper::reap(Memory& memory, ReaperRun& run) {
    const std::vector<Machine> machines = parts_.machines.list();
    const auto plan_now = [&] {
        return plan_reap(parts_.store.unfinished(Launcher::most_jobs), machines, memory.suspicions, options_.limits,
                         parts_.clock.wall_ms());
    };
    ReapPlan plan = plan_now();
    if (!plan.terminate.empty()) {
        // Whatever has got a job while machines were listed stays.
        const ReapPlan sure = plan_now();
        for (const Termination& end : plan.terminate) {
            const bool still = std::any_of(sure.terminate.begin(), sure.terminate.end(), [&](const Termination& other) {
                return other.machine_id == end.machine_id;
            });
            if (!still) continue;
            spdlog::warn("machine {} is terminated: {}", end.machine_id, end.why);
            attempt("termination", run, [&] {
                parts_.machines.terminate(end.machine_id);
                ++run.terminated;
            });
        }
    }
    memory.suspicions = std::move(plan.suspicions);
    return std::move(plan.lost_jobs);
}

void Reaper::look_for_awaited(ReaperRun& run) {
    const int64_t now_ms = parts_.clock.wall_ms();
    for (const Job& job : parts_.store.unfinished(Launcher::most_jobs)) {
        if (!is_awaited(job) || now_ms - job.created_ms < options_.sweep_after_ms) continue;
        attempt("awaited recording", run, [&] {
            const auto key = parts_.intake.uploads.key_of(job.input.uri);
            const Taken taken = key ? take_upload(parts_.intake, *key, "") : Taken::gone;
            if (taken == Taken::made) ++run.arrived;
            if (taken != Taken::gone || now_ms < job.not_before_ms) return;
            // The form's time is over: nobody can upload it any more.
            if (parts_.store.cancel(job.id) == StoreResult::done) ++run.never_came;
        });
    }
}

void Reaper::sweep(ReaperRun& run, const std::function<bool()>& in_time) {
    std::string after;
    const std::string prefix(upload_prefix);
    while (in_time()) {
        const auto page = parts_.intake.uploads.list(prefix, after, page_size);
        if (page.empty()) return;
        for (const UploadInfo& object : page) {
            const int64_t age_ms = parts_.clock.wall_ms() - object.modified_ms;
            if (age_ms < options_.sweep_after_ms || age_ms > options_.sweep_back_ms) continue;
            attempt("swept object", run, [&] {
                if (take_upload(parts_.intake, object.key, "") == Taken::made) ++run.swept;
            });
        }
        after = page.back().key;
    }
}

void Reaper::deliver(ReaperRun& run, const std::function<bool()>& in_time) {
    OutboxOptions one;
    one.limit = 1;
    while (in_time()) {
        const OutboxRun sent = deliver_due(parts_.store, parts_.notifier, parts_.clock, parts_.random, one);
        run.delivered += sent.delivered;
        if (sent.delivered + sent.again + sent.given_up == 0) return;
    }
}

void Reaper::tell_metrics(const ReaperRun& run) {
    if (!parts_.metrics) return;
    const int64_t now_ms = parts_.clock.wall_ms();
    double oldest_s = 0, machine_s = 0, live = 0;
    const std::vector<Job> jobs = parts_.store.unfinished(Launcher::most_jobs);
    for (const Job& job : jobs) {
        if (!is_awaited(job)) oldest_s = std::max(oldest_s, static_cast<double>(now_ms - job.created_ms) / 1000);
    }
    for (const Machine& machine : parts_.machines.list()) {
        if (machine.state != "pending" && machine.state != "running") continue;
        ++live;
        machine_s = std::max(machine_s, static_cast<double>(now_ms - machine.launched_ms) / 1000);
    }
    const auto count = [](const char* name, double value) { return aws::Metric{name, value, "Count"}; };
    parts_.metrics(aws::embedded_metrics("FastTranscribe", {{"Stack", settings_.stack}},
                                         {count("UnfinishedJobs", static_cast<double>(jobs.size())),
                                          {"OldestJobAge", oldest_s, "Seconds"},
                                          count("Machines", live),
                                          {"OldestMachineAge", machine_s, "Seconds"},
                                          count("MachinesTerminated", run.terminated),
                                          count("ReaperFailures", static_cast<double>(run.failures.size()))},
                                         {}, aws::TimePoint(std::chrono::milliseconds(now_ms))));
}

Reaper::Memory Reaper::recall() {
    Memory memory;
    if (!parts_.objects.stat(memory_key)) return memory;
    const auto json = nlohmann::json::parse(parts_.objects.get(memory_key), nullptr, false);
    // Whatever it is, forgetting costs another pass, and no more.
    try {
        for (const auto& entry : json.at("suspicions"))
            memory.suspicions.push_back({entry.at("what").get<std::string>(), entry.at("since_ms").get<int64_t>()});
        memory.swept_ms = json.at("swept_ms").get<int64_t>();
    } catch (const nlohmann::json::exception&) {
        spdlog::warn("{}: cannot be read; it is begun anew", memory_key);
        return {};
    }
    return memory;
}

void Reaper::remember(const Memory& memory) {
    nlohmann::json json = {{"suspicions", nlohmann::json::array()}, {"swept_ms", memory.swept_ms}};
    for (const Suspicion& suspicion : memory.suspicions)
        json["suspicions"].push_back({{"what", suspicion.what}, {"since_ms", suspicion.since_ms}});
    parts_.objects.put(memory_key, dump_json(json));
}

std::string to_json(const ReaperRun& run) {
    const nlohmann::ordered_json json = {
        {"terminated", run.terminated}, {"launched", run.launched},     {"resumed", run.resumed},
        {"arrived", run.arrived},       {"never_came", run.never_came}, {"swept", run.swept},
        {"delivered", run.delivered},   {"deleted", run.deleted},       {"failures", run.failures}};
    return dump_json(json);
}

}  // namespace ft::cloud
