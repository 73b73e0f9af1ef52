#include "service/local_service.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "jobs/local/file_object_store.h"
#include "jobs/local/sqlite_job_store.h"
#include "jobs/outbox_sender.h"
#include "jobs/retention.h"
#include "service/abandoned_jobs.h"
#include "service/believed_clock.h"
#include "service/disk_room.h"
#include "service/engine_transcribe.h"
#include "service/process_name.h"

namespace ft {

namespace {

constexpr int64_t housekeeping_ms = 1000;
constexpr int64_t retention_ms = 3600000;
/// An upload may take that long before its job is made.
constexpr int64_t orphan_ms = int64_t{24} * 3600 * 1000;

/// Uniform in [0, 1); any thread.
Random make_random() {
    struct State {
        std::mutex mutex;
        std::mt19937_64 engine{std::random_device{}()};
    };
    return [state = std::make_shared<State>()] {
        const std::lock_guard lock(state->mutex);
        return std::uniform_real_distribution<double>(0.0, 1.0)(state->engine);
    };
}

/// What a killed server has left of its downloads.
std::filesystem::path fresh_scratch(const std::filesystem::path& data) {
    const std::filesystem::path folder = data / "scratch" / process_name();
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(data / "scratch", ignored)) {
        if (is_gone(entry.path().filename().string())) std::filesystem::remove_all(entry.path(), ignored);
    }
    return folder;
}

}  // namespace

struct LocalService::Parts {
    Parts(const ServiceOptions& wanted, LoadEngine load, Resolver resolver, const Clock& clock_,
          std::function<void(const Error&)> failed_)
        : options(wanted),
          clock(clock_),
          failed(std::move(failed_)),
          random(make_random()),
          store(options.data / "jobs.db", clock),
          files(options.data / "objects"),
          objects(files, resolver, options.url_inputs),
          engine(std::move(load), clock, options.engine_idle_ms),
          transcribe(engine, failed),
          notifier({objects, secrets_of_jobs(store, options.webhook_secrets), resolver, clock}, options.webhook),
          sender(store, notifier, clock, random),
          room(options.data, options.reserve_bytes),
          workers({store, objects, notifier, transcribe, clock, random}, worker_options(), options.workers,
                  [this] { return room.for_work(); }),
          believed(clock),
          starter([this] { start(); }),
          housekeeper([this] { keep_house(); }) {}

    WorkerOptions worker_options() const {
        WorkerOptions worker;
        worker.owner = process_name();
        worker.lease = options.lease;
        worker.retry = options.retry;
        worker.scratch = fresh_scratch(options.data);
        return worker;
    }

    void start() {
        try {
            engine.get();
            end_abandoned_attempts(store, clock, random, options.retry);
            workers.start();
        } catch (const Error& error) {
            failed(error);
        } catch (const std::exception& error) {
            failed(Error(ErrorCode::internal, error.what()));
        }
    }

    void keep_house() {
        int64_t next_retention_ms = clock.boot_ms();
        std::unique_lock lock(mutex);
        while (!stopping) {
            lock.unlock();
            if (engine.release_if_idle()) spdlog::info("the model was unused for a while and is given back");
            if (clock.boot_ms() >= next_retention_ms) {
                delete_old();
                next_retention_ms = clock.boot_ms() + retention_ms;
            }
            lock.lock();
            if (!stopping) clock.wait(lock, changed, clock.boot_ms() + housekeeping_ms);
        }
    }

    void delete_old() {
        try {
            const int64_t now_ms = believed.wall_ms();
            if (options.keep_ms > 0) delete_expired(store, objects, now_ms - options.keep_ms);
            delete_orphans(store, objects, now_ms - orphan_ms);
        } catch (const std::exception& error) {
            spdlog::warn("old jobs are deleted later: {}", error.what());
        }
    }

    void stop() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        changed.notify_all();
        if (starter.joinable()) starter.join();
        workers.stop();
        if (housekeeper.joinable()) housekeeper.join();
    }

    const ServiceOptions options;
    const Clock& clock;
    const std::function<void(const Error&)> failed;
    const Random random;
    SqliteJobStore store;
    FileObjectStore files;
    UrlInputs objects;
    EngineHolder engine;
    EngineTranscribe transcribe;
    WebhookNotifier notifier;
    OutboxSender sender;
    DiskRoom room;
    WorkerPool workers;
    BelievedClock believed;  // of the housekeeper
    std::mutex mutex;
    std::condition_variable changed;
    bool stopping = false;  // under mutex
    std::thread starter, housekeeper;
};

LocalService::LocalService(const ServiceOptions& options, LoadEngine load, Resolver resolver, const Clock& clock,
                           std::function<void(const Error&)> failed)
    : parts_(std::make_unique<Parts>(options, std::move(load), std::move(resolver), clock, std::move(failed))) {}

LocalService::~LocalService() {
    stop();
}

JobStore& LocalService::store() {
    return parts_->store;
}
ObjectStore& LocalService::objects() {
    return parts_->objects;
}
Transcribe& LocalService::transcribe() {
    return parts_->transcribe;
}
EngineHolder& LocalService::engine() {
    return parts_->engine;
}
const WorkerPool& LocalService::workers() const {
    return parts_->workers;
}

int64_t LocalService::room_for_uploads() const {
    return parts_->room.for_uploads();
}

void LocalService::wake() {
    parts_->workers.wake();
    parts_->sender.wake();
}

void LocalService::stop() {
    parts_->stop();
}

}  // namespace ft
