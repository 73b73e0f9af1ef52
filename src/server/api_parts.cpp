#include "server/api_parts.h"

#include "base/log.h"

namespace ft {

namespace {

constexpr int retry_after_s = 10;
constexpr size_t longest_key = 200;

void check_room(const ApiParts& parts) {
    JobFilter waiting;
    waiting.states = {JobState::queued, JobState::launching, JobState::retry_wait};
    waiting.limit = parts.most_waiting;
    if (parts.store.list(waiting).jobs.size() < static_cast<size_t>(parts.most_waiting)) return;
    throw ApiRefusal(429, "queue_full",
                     fmt::format("{} jobs wait already, which is as many as this server takes; try again in {} s",
                                 parts.most_waiting, retry_after_s),
                     retry_after_s);
}

/// Of the client's own, so that two clients never meet.
std::string idempotency_key(const ApiRequest& request) {
    const std::string key = request.header("idempotency-key");
    if (key.size() > longest_key)
        throw ApiRefusal(400, "invalid_argument",
                         fmt::format("Idempotency-Key has more than {} characters", longest_key));
    return key.empty() ? "" : request.client + ":" + key;
}

}  // namespace

Created create_job(const ApiParts& parts, const ApiRequest& request,
                   const std::function<NewJob(const std::string& id)>& make) {
    const std::string key = idempotency_key(request);
    check_room(parts);
    const std::string id = make_job_id();
    const auto forget_input = [&] {
        try {
            parts.objects.remove(input_key(id));
        } catch (const Error& error) {
            spdlog::warn("{}: stays until old files are deleted: {}", input_key(id), error.what());
        }
    };
    Created created;
    try {
        NewJob job = make(id);
        job.idempotency_key = key;
        created = parts.store.create(job);
    } catch (...) {
        forget_input();
        throw;
    }
    if (created.kind != Created::Kind::created) forget_input();
    if (created.kind == Created::Kind::conflict)
        throw ApiRefusal(409, "idempotency_conflict",
                         "this Idempotency-Key was used for another request: " + created.job.id);
    if (created.kind == Created::Kind::created) parts.wake();
    return created;
}

std::unique_ptr<ClientLimits::Place> take_waiting_place(const ApiParts& parts) {
    auto place = parts.waiting.take("");
    if (!place)
        throw ApiRefusal(
            429, "too_many_waiting",
            "as many requests wait for a job to end as this server takes; ask for the job now and then, or "
            "give it a callback",
            retry_after_s);
    return place;
}

}  // namespace ft
