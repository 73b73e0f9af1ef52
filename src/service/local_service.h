#pragma once
// Everything of the service on one machine but HTTP: the store, the files, the engine, the workers, the messages, the
// housekeeping.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "jobs/retry_policy.h"
#include "jobs/worker.h"
#include "service/engine_holder.h"
#include "service/url_inputs.h"
#include "service/worker_pool.h"
#include "webhook/webhook_notifier.h"

namespace ft {

struct ServiceOptions {
    std::filesystem::path data;                 ///< jobs.db, objects/, scratch/
    int workers = 8;                            ///< jobs at once
    int64_t engine_idle_ms = 900000;            ///< the model is given back when it is unused for so long; 0: never
    int64_t reserve_bytes = int64_t{64} << 20;  ///< of the disk: uploads leave it to the work that is under way
    int64_t keep_ms = int64_t{30} * 24 * 3600 * 1000;  ///< finished jobs and their files; 0: for ever
    UrlInputOptions url_inputs;
    WebhookOptions webhook;
    std::vector<WebhookSecret> webhook_secrets;
    LeaseTimes lease;
    JobRetryPolicy retry;
};

class LocalService {
  public:
    /// Opens the store, and begins to load the model and to work. `clock` outlives the service. `failed` is called, by
    /// a thread of the service's and at most once, when the model cannot be loaded at the start. Throws Error when
    /// `data` cannot be used.
    LocalService(const ServiceOptions& options, LoadEngine load, Resolver resolver, const Clock& clock,
                 std::function<void(const Error&)> failed);
    /// stop()
    ~LocalService();
    LocalService(const LocalService&) = delete;
    LocalService& operator=(const LocalService&) = delete;

    JobStore& store();
    ObjectStore& objects();
    Transcribe& transcribe();
    EngineHolder& engine();
    const WorkerPool& workers() const;
    /// How many bytes of recordings may still come. Any thread.
    int64_t room_for_uploads() const;

    /// There is a new job, and with it a message. Any thread.
    void wake();
    /// Jobs under way are given back with the windows that are finished; messages wait for the next start. Returns when
    /// all threads have ended.
    void stop();

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace ft
