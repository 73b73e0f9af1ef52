// What the function does with an upload, for a local AWS without the function: job_tool create|launch|reap …
//     job_tool create TABLE ID BUCKET KEY SIZE CALLBACK_URL CALLBACK_SECRET      prints the job's id
//     job_tool launch TABLE ID                                                   prints its launch_seq, -1 when it
//     cannot job_tool claimable TABLE                                                   prints ids that wait for a
//     machine job_tool cancel TABLE ID
#include <cstdlib>
#include <iostream>

#include "base/error.h"
#include "jobs/aws/dynamo_job_store.h"

namespace {

int run(const std::vector<std::string>& words) {
    using namespace ft;
    const SystemClock clock;
    const aws::SessionOptions options;
    DynamoJobStore store(std::make_shared<aws::Session>(options), clock, {.table = words.at(1)});
    const std::string& verb = words.at(0);
    if (verb == "create") {
        NewJob job;
        job.id = words.at(2);
        job.input.uri = "s3://" + words.at(3) + "/" + words.at(4);
        job.input.name = words.at(4).substr(words.at(4).rfind('/') + 1);
        job.input.size_bytes = std::strtoll(words.at(5).c_str(), nullptr, 10);
        job.callback.url = words.at(6);
        job.callback.secrets = {words.at(7)};
        std::cout << store.create(job).job.id << std::endl;
    } else if (verb == "launch") {
        const StoreResult result = store.launch(words.at(2), {});
        std::cout << (result == StoreResult::done ? store.get(words.at(2))->launch_seq : -1) << std::endl;
    } else if (verb == "claimable") {
        JobFilter filter;
        filter.states = {JobState::queued, JobState::launching, JobState::running, JobState::retry_wait};
        filter.limit = 1000;
        for (const Job& job : store.list(filter).jobs) {
            const auto from_ms = claimable_from_ms(job);
            if (from_ms && *from_ms <= clock.wall_ms()) std::cout << job.id << std::endl;
        }
    } else if (verb == "cancel") {
        return store.cancel(words.at(2)) == StoreResult::done ? 0 : 1;
    } else {
        return 2;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
