#include "jobs/worker.h"

#include <algorithm>
#include <limits>
#include <map>
#include <new>

#include "base/error.h"
#include "base/log.h"
#include "jobs/checkpoint.h"
#include "transcript/writers.h"

namespace ft {

std::string_view to_string(Round round) {
    switch (round) {
        case Round::idle:
            return "idle";
        case Round::succeeded:
            return "succeeded";
        case Round::retried:
            return "retried";
        case Round::failed:
            return "failed";
        case Round::dead:
            return "dead";
        case Round::released:
            return "released";
        case Round::lost:
            return "lost";
    }
    return "lost";
}

std::string_view to_string(WorkerStep step) {
    switch (step) {
        case WorkerStep::claimed:
            return "claimed";
        case WorkerStep::fetched:
            return "fetched";
        case WorkerStep::first_window:
            return "first_window";
        case WorkerStep::transcribed:
            return "transcribed";
        case WorkerStep::stored:
            return "stored";
        case WorkerStep::committed:
            return "committed";
        case WorkerStep::notified:
            return "notified";
    }
    return "claimed";
}

namespace {

/// After a full disk a job is tried again no sooner.
constexpr int64_t full_disk_wait_ms = 60000;
constexpr int64_t full_disk_look_ms = 2000;

}  // namespace

/// One job in one worker's hands, from the claim on.
class Worker::Attempt {
  public:
    Attempt(Worker& worker, Job job, int64_t claimed_boot_ms)
        : parts_(worker.parts_),
          options_(worker.options_),
          worker_(worker),
          job_(std::move(job)),
          lease_(lease_of(job_)),
          keeper_(parts_.store, parts_.clock, lease_, claimed_boot_ms, options_.lease, worker.halt_) {}

    Round run() {
        JobFailure failure;
        tell(WorkerStep::claimed);
        try {
            return commit(transcribe());
        } catch (const Error& error) {
            failure = {failure_class(error.code()), {std::string(to_string(error.code())), error.what()}, {}};
            // Nobody frees a disk within a second.
            if (error.code() == ErrorCode::disk_full) failure.retry_after_ms = full_disk_wait_ms;
        } catch (const std::bad_alloc&) {
            failure = {FailureClass::crash, {"out_of_memory", "there was not enough memory for this job"}, {}};
        } catch (const std::exception& error) {
            failure = {FailureClass::crash, {"internal", error.what()}, {}};
        }
        if (!mine()) return lost();
        const bool told = worker_.stopping_.load() && failure.error.code == to_string(ErrorCode::cancelled);
        return told ? release() : end(failure);
    }

  private:
    void tell(WorkerStep step) {
        if (parts_.observer != nullptr) parts_.observer->on_step(job_, step);
    }

    bool mine() { return keeper_.loss() == LeaseKeeper::Loss::none; }

    void stop_unless_mine() {
        if (!mine()) throw Error(ErrorCode::cancelled, "the job is no longer this worker's");
        if (worker_.halt_.load()) throw Error(ErrorCode::cancelled, "this worker was told to stop");
    }

    Transcript transcribe() {
        // First, as a plan needs the model, which may be loading meanwhile.
        const auto audio = parts_.objects.fetch(job_.input, options_.scratch);
        tell(WorkerStep::fetched);
        stop_unless_mine();
        const std::string plan = parts_.transcribe.plan(job_);
        TranscribeRequest request{audio->path(), &job_, load_checkpoints(parts_.objects, job_, plan)};
        progress_.windows_resumed = static_cast<int64_t>(request.finished.size());
        for (const FinishedWindow& window : request.finished) count(window);
        if (progress_.windows_resumed > 0)
            spdlog::info("job {}: goes on after {} finished windows", job_.id, progress_.windows_resumed);
        Transcript transcript = parts_.transcribe.transcribe(
            request, [&](const FinishedWindow& window, double duration_s) { keep(plan, window, duration_s); },
            worker_.halt_);
        stop_unless_mine();
        if (progress_.windows_resumed > 0 && progress_.windows_done == progress_.windows_resumed) {
            // An earlier attempt had finished them all, so that keep() has told nobody.
            progress_.duration_s = transcript.duration_s;
            keep_progress([] {});
        }
        tell(WorkerStep::transcribed);
        return transcript;
    }

    void keep(const std::string& plan, const FinishedWindow& window, double duration_s) {
        stop_unless_mine();
        if (progress_.windows_done == progress_.windows_resumed) tell(WorkerStep::first_window);
        count(window);
        progress_.duration_s = duration_s;
        keep_progress([&] { save_checkpoint(parts_.objects, job_, plan, window); });
    }

    /// After `write`. What is not kept may cost time later; the job itself is well.
    void keep_progress(const std::function<void()>& write) {
        try {
            write();
            const StoreResult result = parts_.store.save_progress(lease_, progress_);
            if (result != StoreResult::done) worker_.halt_.store(true);
        } catch (const Error& error) {
            spdlog::warn("job {}: progress at window {} could not be kept: {}", job_.id, progress_.windows_done,
                         error.what());
        }
    }

    /// done_s: where the windows finished without a gap end, and on top of it what the later ones last, so that one
    /// window that takes long does not look like a job that stands still.
    void count(const FinishedWindow& window) {
        ++progress_.windows_done;
        later_.emplace(window.index, window);
        for (auto next = later_.find(next_window_); next != later_.end(); next = later_.find(++next_window_)) {
            gapless_s_ = next->second.end_s;
            later_.erase(next);
        }
        progress_.done_s = gapless_s_;
        for (const auto& [index, span] : later_) progress_.done_s += span.end_s - span.begin_s;
    }

    JobResult store_result(const Transcript& transcript) {
        JobResult result;
        result.prefix = result_prefix(job_.id, job_.fence);
        for (const std::string& format : known_formats()) {
            const std::string name = result_file(format), content = write_transcript(transcript, format);
            insist([&] { parts_.objects.put(result.prefix + name, content); });
            result.files.push_back(name);
        }
        result.language = transcript.language;
        result.audio_s = transcript.duration_s;
        result.compute_s = transcript.timings.total;
        for (const auto& [name, value] : transcript.metadata) {
            if (name == "model") result.model = value;
        }
        return result;
    }

    /// Nothing is left of a result that could not be stored to its end: nobody would ever look there.
    JobResult store_whole_result(const Transcript& transcript) {
        try {
            return store_result(transcript);
        } catch (const Error&) {
            try {
                parts_.objects.remove_all(result_prefix(job_.id, job_.fence));
            } catch (const Error& error) {
                spdlog::warn("job {}: a part of a result stays until the job is deleted: {}", job_.id, error.what());
            }
            throw;
        }
    }

    Round commit(Transcript transcript) {
        transcript.file = job_.input.name;  // not what it was called on this machine
        JobResult result = store_whole_result(transcript);
        tell(WorkerStep::stored);
        if (parts_.observer != nullptr) result.run = parts_.observer->run_report(job_);
        stop_unless_mine();
        StoreResult written = StoreResult::stale;
        if (!finished([&] { written = parts_.store.commit(lease_, result); }) || written != StoreResult::done)
            return lost();
        tell(WorkerStep::committed);
        notify();
        try {
            parts_.objects.remove_all(checkpoint_prefix(job_.id));
        } catch (const Error& error) {
            spdlog::warn("job {}: its checkpoints stay until it is deleted: {}", job_.id, error.what());
        }
        return Round::succeeded;
    }

    Round end(const JobFailure& failure) {
        const RetryDecision decision =
            decide_retry(options_.retry, job_, failure, parts_.clock.wall_ms(), parts_.random());
        spdlog::warn("job {}: {} ({}): {}", job_.id, to_string(decision.state), failure.error.code,
                     failure.error.message);
        StoreResult written = StoreResult::stale;
        if (!finished([&] { written = parts_.store.end_attempt(lease_, decision); }) || written != StoreResult::done)
            return lost();
        if (decision.state == JobState::retry_wait) return Round::retried;
        notify();
        return decision.state == JobState::failed ? Round::failed : Round::dead;
    }

    Round release() {
        StoreResult written = StoreResult::stale;
        if (!finished([&] { written = parts_.store.release(lease_); }) || written != StoreResult::done) return lost();
        return Round::released;
    }

    Round lost() {
        const LeaseKeeper::Loss loss = keeper_.loss();
        spdlog::warn("job {}: nothing more is written under fence {}: {}", job_.id, job_.fence,
                     loss == LeaseKeeper::Loss::expired     ? "the lease could not be renewed in time"
                     : loss == LeaseKeeper::Loss::cancelled ? "it was cancelled"
                                                            : "somebody else has it, or the store does not answer");
        return Round::lost;
    }

    /// Repeats what may pass by itself, while the lease lasts; what finds the disk full for minutes, as the work is
    /// done and somebody may free some room. Every write it is used for may be repeated.
    template <typename Write>
    void insist(const Write& write) {
        const int64_t begun_ms = parts_.clock.boot_ms();
        for (int failures = 1;; ++failures) {
            int64_t longest_wait_ms = std::numeric_limits<int64_t>::max();
            try {
                write();
                return;
            } catch (const Error& error) {
                const bool full = error.code() == ErrorCode::disk_full;
                const bool passing = error.code() == ErrorCode::network || error.code() == ErrorCode::io;
                const bool enough = full ? parts_.clock.boot_ms() - begun_ms >= options_.full_disk_ms || worker_.halt_
                                         : !passing || failures >= options_.write_tries;
                if (enough || !keeper_.in_time()) throw;
                if (full) longest_wait_ms = full_disk_look_ms;
                spdlog::warn("job {}: trying again: {}", job_.id, error.what());
            }
            parts_.clock.sleep_ms(
                std::min(longest_wait_ms, retry_wait_ms(options_.retry, failures, std::nullopt, parts_.random())));
            // Whether somebody else has the job is the store's answer to give: a lost reply may have been a yes.
            if (!keeper_.in_time()) throw Error(ErrorCode::cancelled, "the lease has run out");
        }
    }

    /// As insist(), for the writes that end an attempt: after those nothing is left to be tried but to let the lease
    /// run out.
    template <typename Write>
    bool finished(const Write& write) {
        try {
            insist(write);
            return true;
        } catch (const Error& error) {
            spdlog::error("job {}: {}", job_.id, error.what());
            return false;
        }
    }

    /// One try; the server's thread or the cloud's timer does the rest.
    void notify() {
        try {
            OutboxOptions outbox;
            outbox.job_id = job_.id;
            outbox.limit = 8;
            outbox.stop_at_failure = true;
            outbox.budget_ms = options_.notify_ms;
            deliver_due(parts_.store, parts_.notifier, parts_.clock, parts_.random, outbox);
        } catch (const Error& error) {
            spdlog::warn("job {}: its messages wait: {}", job_.id, error.what());
        }
        tell(WorkerStep::notified);
    }

    const WorkerParts& parts_;
    const WorkerOptions& options_;
    Worker& worker_;
    const Job job_;
    const Lease lease_;
    JobProgress progress_;
    struct Span {
        explicit Span(const FinishedWindow& window) : begin_s(window.begin_s), end_s(window.end_s) {}
        double begin_s, end_s;
    };
    std::map<int64_t, Span> later_;  // windows that are finished before one in front of them
    int64_t next_window_ = 0;
    double gapless_s_ = 0;
    LeaseKeeper keeper_;
};

Worker::Worker(WorkerParts parts, WorkerOptions options) : parts_(std::move(parts)), options_(std::move(options)) {
    const LeaseTimes& times = options_.lease;
    if (options_.owner.empty()) throw Error(ErrorCode::invalid_argument, "a worker needs a name of its own");
    if (times.margin_ms < 0 || times.heartbeat_ms <= 0 || times.heartbeat_ms >= times.lease_ms - times.margin_ms)
        throw Error(ErrorCode::invalid_argument,
                    "a lease of {} ms needs a heartbeat sooner than {} ms, which is its length without the margin, not "
                    "every {} ms",
                    times.lease_ms, times.lease_ms - times.margin_ms, times.heartbeat_ms);
}

void Worker::request_stop() {
    stopping_.store(true);
    halt_.store(true);
}

Round Worker::run_one() {
    halt_.store(false);
    // Looked at after halt_ is cleared: a stop that comes now sets it again.
    if (stopping_.load()) return Round::idle;
    ClaimRequest request;
    request.owner = options_.owner;
    request.lease_ms = options_.lease.lease_ms;
    request.job_id = options_.job_id;
    request.launch_seq = options_.launch_seq;
    request.max_crashes = options_.retry.max_crashes;
    request.max_transient_failures = options_.retry.max_transient_failures;
    // Before the claim: the lease may have begun at any time since.
    const int64_t claimed_boot_ms = parts_.clock.boot_ms();
    std::optional<Job> job = parts_.store.claim(request);
    if (!job) return Round::idle;
    spdlog::info("job {}: attempt {} begins (fence {})", job->id, job->attempt, job->fence);
    const std::string id = job->id;
    Attempt attempt(*this, std::move(*job), claimed_boot_ms);
    const Round round = attempt.run();
    spdlog::info("job {}: {}", id, to_string(round));
    return round;
}

}  // namespace ft
