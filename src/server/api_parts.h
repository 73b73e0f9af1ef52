#pragma once
// What routes work with.
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "jobs/job_store.h"
#include "jobs/object_store.h"
#include "jobs/transcribe.h"
#include "server/access.h"
#include "server/audio_ticket.h"
#include "server/job_actions.h"
#include "server/job_request.h"
#include "server/metrics.h"
#include "server/upload.h"

namespace ft {

/// What /ready and /v1/models tell about the engine.
struct EngineStatus {
    bool ready = false, loaded = false;
    std::string model;
};

/// Everything outlives the routes; any thread may call any function.
struct ApiParts {
    JobStore& store;
    ObjectStore& objects;
    Transcribe& transcribe;
    Metrics& metrics;
    ClientLimits& waiting;  ///< of requests that hold a thread for as long as a job takes
    std::function<EngineStatus()> engine;
    std::function<void()> wake;  ///< there is a new job or message
    JobRules rules;
    UploadLimits uploads;
    int most_waiting = 200;  ///< jobs that wait for a worker; 1 … 1000
    const AudioTickets& tickets;
};

/// Makes a job of what `make` gives, which may have put its input at input_key(id); that is removed when no job comes
/// of it. Throws ApiRefusal{429} when too many wait, {409} when its idempotency key belongs to another request.
Created create_job(const ApiParts& parts, const ApiRequest& request,
                   const std::function<NewJob(const std::string& id)>& make);

/// A place among those that wait for a job to end. Throws ApiRefusal{429} when there is none.
std::unique_ptr<ClientLimits::Place> take_waiting_place(const ApiParts& parts);

}  // namespace ft
