#include "suite.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"

namespace ft::conformance {

std::filesystem::path fastest_disk() {
    return ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : ::testing::TempDir();
}

JobsSuite::JobsSuite() {
    spdlog::set_level(spdlog::level::off);  // faults are many here
    Stores stores = make_stores(GetParam(), clock, folder.path());
    store = std::move(stores.jobs);
    objects = std::move(stores.objects);
}

NewJob JobsSuite::wanted(const std::string& name) {
    NewJob job;
    job.input.uri = "object:inputs/x/audio";
    job.input.name = name;
    job.options = R"({"language":"sv"})";
    return job;
}

NewJob JobsSuite::watched() {
    NewJob job = wanted();
    job.callback.url = "https://example.org/hook";
    for (const std::string_view type :
         {event_queued, event_started, event_progress, event_completed, event_failed, event_dead, event_cancelled})
        job.callback.types.emplace_back(type);
    return job;
}

std::optional<Job> JobsSuite::claim(const std::string& owner, int64_t lease_ms) {
    ClaimRequest request;
    request.owner = owner;
    request.lease_ms = lease_ms;
    return store->claim(request);
}

JobResult JobsSuite::result_of(const Job& job) {
    return {result_prefix(job.id, job.fence), {"transcript.txt"}, "sv", 60.5, 1.25, "kb-whisper-small"};
}

RetryDecision JobsSuite::decision(JobState state, int64_t not_before_ms) {
    return {state, not_before_ms, FailureClass::crash, {"io", "the disk is full"}};
}

std::vector<std::string> JobsSuite::types_of_events(const std::string& id) {
    std::vector<std::string> types;
    for (const OutboxEvent& event : store->events_of(id)) types.push_back(event.type);
    std::sort(types.begin(), types.end());
    return types;
}

}  // namespace ft::conformance
