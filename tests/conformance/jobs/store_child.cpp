// A process at one SQLite store, for tests that run several at once or kill them. Arguments: the data folder, and
//   claim        claims everything there is, commits it, prints "claimed ID FENCE" for each
//   work NAME    until it is killed: makes a job ("made ID" once that is acknowledged), claims one, renews, tells
//   progress,
//                commits ("done ID"); some it fails and redrives
// Lines go out with one write() each, after the store has answered.
#include <unistd.h>

#include <iostream>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "jobs/local/file_object_store.h"
#include "jobs/local/sqlite_job_store.h"

namespace {

void say(const std::string& line) {
    const std::string text = line + "\n";
    if (::write(1, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(4);
}

ft::JobResult result_of(const ft::Job& job) {
    return {ft::result_prefix(job.id, job.fence), {"transcript.txt"}, "sv", 60, 1, "tiny"};
}

void claim_all(ft::JobStore& store) {
    ft::ClaimRequest request;
    request.owner = std::to_string(::getpid());
    while (const auto job = store.claim(request)) {
        if (store.commit(ft::lease_of(*job), result_of(*job)) != ft::StoreResult::done) ::_exit(5);
        say("claimed " + job->id + " " + std::to_string(job->fence));
    }
}

void work(ft::JobStore& store, ft::ObjectStore& objects, const std::string& name) {
    for (int64_t number = 0;; ++number) {
        ft::NewJob wanted;
        wanted.input.uri = "object:inputs/x/audio";
        wanted.input.name = name;
        wanted.callback.url = "https://example.org/hook";
        say("made " + store.create(wanted).job.id);
        ft::ClaimRequest request;
        request.owner = name;
        request.lease_ms = 1;  // what a killed one held is taken over at once
        request.max_crashes = 1000;
        const auto job = store.claim(request);
        if (!job) continue;
        const ft::Lease lease = ft::lease_of(*job);
        store.renew(lease, 60000);
        store.save_progress(lease, {30, 60, 1, 0});
        if (number % 5 == 4) {
            store.end_attempt(lease, {ft::JobState::dead, 0, ft::FailureClass::crash, {"io", "the disk is full"}});
            store.redrive(job->id);
            continue;
        }
        objects.put(ft::result_prefix(job->id, job->fence) + "transcript.txt", job->id);
        if (store.commit(lease, result_of(*job)) == ft::StoreResult::done) say("done " + job->id);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    try {
        const std::filesystem::path folder = argv[1];
        const ft::SystemClock clock;
        ft::SqliteJobStore store(folder / "jobs.db", clock);
        ft::FileObjectStore objects(folder / "objects");
        if (std::string(argv[2]) == "claim")
            claim_all(store);
        else
            work(store, objects, argc > 3 ? argv[3] : "worker");
        return 0;
    } catch (const ft::Error& error) {
        std::cerr << error.what() << '\n';
        return 3;
    }
}
