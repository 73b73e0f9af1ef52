#include "agent/agent.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace ft {

/// One worker's thread, and what it does now.
struct Agent::Slot : WorkerObserver {
    Slot(Agent& owner, const WorkerParts& parts, const WorkerOptions& any_options, const WorkerOptions& own_options)
        : agent(owner),
          listener(parts.observer),
          any({parts.store, parts.objects, parts.notifier, parts.transcribe, parts.clock, parts.random, this},
              any_options),
          own({parts.store, parts.objects, parts.notifier, parts.transcribe, parts.clock, parts.random, this},
              own_options) {}

    void on_step(const Job& job, WorkerStep step) override {
        if (step == WorkerStep::claimed) {
            const std::lock_guard lock(agent.mutex_);
            busy = agent.worked_ = true;
        }
        if (listener != nullptr) listener->on_step(job, step);
    }
    std::string run_report(const Job& job) override { return listener != nullptr ? listener->run_report(job) : ""; }

    Agent& agent;
    WorkerObserver* const listener;
    Worker any, own;
    bool busy = false;  // under the agent's mutex
    std::thread thread;
};

Agent::Agent(const WorkerParts& parts, const AgentOptions& options)
    : clock_(parts.clock),
      options_(options),
      began_ms_(clock_.boot_ms()),
      idle_since_ms_(began_ms_),
      own_job_(!options.job_id.empty()) {
    for (int i = 0; i < std::max(1, options.workers); ++i) {
        WorkerOptions any = options.worker;
        any.owner += "/" + std::to_string(i);
        any.job_id.clear();
        any.launch_seq = -1;
        WorkerOptions own = any;
        own.job_id = options.job_id;
        own.launch_seq = options.launch_seq;
        slots_.push_back(std::make_unique<Slot>(*this, parts, any, own));
    }
}

Agent::~Agent() {
    stop(EndReason::told_to_stop);
    for (const auto& slot : slots_) {
        if (slot->thread.joinable()) slot->thread.join();
    }
}

void Agent::stop_workers() {
    if (!stopped_ms_) stopped_ms_ = clock_.boot_ms();
    for (const auto& slot : slots_) {
        slot->own.request_stop();
        slot->any.request_stop();
    }
}

void Agent::stop(EndReason reason) {
    const std::lock_guard lock(mutex_);
    if (!stop_ || (stops_jobs(reason) && !stops_jobs(*stop_))) {
        stop_ = reason;
        if (running_ > 0) spdlog::warn("the work on this machine ends: {}", to_string(reason));
    }
    if (stops_jobs(reason)) stop_workers();
    changed_.notify_all();
}

WorkFacts Agent::facts() const {
    WorkFacts facts;
    facts.now_ms = clock_.boot_ms();
    facts.began_ms = began_ms_;
    facts.idle_since_ms = idle_since_ms_;
    facts.silent_since_ms = silent_since_ms_;
    facts.stop = stop_;
    facts.own_job = own_job_;
    facts.worked = worked_;
    facts.looked = looked_;
    facts.busy = static_cast<int>(std::count_if(slots_.begin(), slots_.end(), [](const auto& s) { return s->busy; }));
    return facts;
}

/// Without the lock.
Round Agent::round(Slot& slot, bool own) {
    std::optional<Round> round;
    try {
        round = own ? slot.own.run_one() : slot.any.run_one();
    } catch (const std::exception& error) {
        spdlog::error("no job can be taken: {}", error.what());
    }
    const std::lock_guard lock(mutex_);
    const int64_t now_ms = clock_.boot_ms();
    slot.busy = false;
    if (round)
        silent_since_ms_.reset();
    else if (!silent_since_ms_)
        silent_since_ms_ = now_ms;
    // A claim that got no answer may have been made: it is asked for again under the same launch.
    if (!round && own) own_job_ = true;
    const bool idle = !round || *round == Round::idle;
    if (!idle) idle_since_ms_ = now_ms;
    if (round) looked_ = idle && !own;
    changed_.notify_all();
    return round.value_or(Round::idle);
}

void Agent::work(Slot& slot) {
    std::unique_lock lock(mutex_);
    for (;;) {
        const NextStep step = next_step(options_.limits, facts());
        if (step.kind == NextStep::Kind::end) {
            if (!reason_) reason_ = step.reason;
            break;
        }
        bool look_again = false;
        if (step.kind != NextStep::Kind::wait) {
            const bool own = step.kind == NextStep::Kind::take_own;
            if (own) own_job_ = false, slot.busy = true;
            lock.unlock();
            look_again = round(slot, own) != Round::idle;
            lock.lock();
            // After its own job, which was not to be had, a machine looks at the others' at once.
            look_again = look_again || !looked_;
        }
        if (look_again && !silent_since_ms_) continue;
        const int64_t until_ms = clock_.boot_ms() + options_.look_ms;
        const auto stop = stop_;
        while (clock_.boot_ms() < until_ms && stop_ == stop &&
               next_step(options_.limits, facts()).kind != NextStep::Kind::end)
            clock_.wait(lock, changed_, std::min(until_ms, clock_.boot_ms() + 200));
    }
    --running_;
    changed_.notify_all();
}

Agent::Outcome Agent::run() {
    std::unique_lock lock(mutex_);
    for (const auto& slot : slots_) {
        ++running_;
        slot->thread = std::thread([this, &slot] { work(*slot); });
    }
    int64_t next_alive_ms = clock_.boot_ms();
    while (running_ > 0) {
        const int64_t now_ms = clock_.boot_ms();
        const NextStep step = next_step(options_.limits, facts());
        if (step.kind == NextStep::Kind::end && stops_jobs(step.reason) && !stopped_ms_) {
            stop_ = step.reason;
            spdlog::warn("the work on this machine ends: {}", to_string(step.reason));
            stop_workers();
            changed_.notify_all();
        }
        if (stopped_ms_ && now_ms - *stopped_ms_ >= options_.limits.give_back_ms) {
            spdlog::error("a job was not given back within {} ms; its lease runs out by itself",
                          options_.limits.give_back_ms);
            return {stop_.value_or(EndReason::told_to_stop), false};
        }
        if (now_ms >= next_alive_ms) {
            if (options_.alive) options_.alive();
            next_alive_ms = now_ms + options_.alive_every_ms;
        }
        clock_.wait(lock, changed_, now_ms + std::min<int64_t>(500, options_.alive_every_ms));
    }
    return {stop_.value_or(reason_.value_or(EndReason::idle)), true};
}

void refuse_launch(JobStore& store, const AgentOptions& options, const JobError& error, const Clock& clock,
                   const Random& random) {
    spdlog::error("{}: {}", error.code, error.message);
    if (options.job_id.empty()) return;
    const auto job = store.get(options.job_id);
    if (!job) return;
    const JobFailure failure{FailureClass::transient, error, {}};
    const RetryDecision decision = decide_retry(options.worker.retry, *job, failure, clock.wall_ms(), random());
    const int launch_seq = options.launch_seq < 0 ? job->launch_seq : options.launch_seq;
    if (store.launch_failed(options.job_id, launch_seq, decision) == StoreResult::done)
        spdlog::warn("job {}: given back; it is {}", options.job_id, to_string(decision.state));
}

}  // namespace ft
