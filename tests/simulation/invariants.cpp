#include "invariants.h"

#include <algorithm>

#include "cloud/upload_key.h"
#include "fake_engine.h"

namespace ft::simulation {

std::vector<Job> all_jobs(World& world) {
    JobFilter filter;
    filter.limit = 1000;
    return world.store.list(filter).jobs;
}

namespace {

void check_job(World& world, const Job& job) {
    const auto wrong = [&](const std::string& what) { world.violation("job " + job.id + ": " + what); };
    if (!is_terminal(job.state)) return wrong("is " + std::string(to_string(job.state)) + " in the end");
    const auto usage = world.store.usage_of(job.id);
    const bool succeeded = job.state == JobState::succeeded;
    if (succeeded != usage.has_value()) wrong("its usage row does not go with its state");
    if (succeeded) {
        if (job.result.prefix != result_prefix(job.id, job.fence)) wrong("its result is of another fence");
        if (usage && usage->fence != job.fence) wrong("its usage row is of another fence");
        const auto key = key_of_uri(job.input.uri);
        const auto content = world.uploads.find(key.value_or(""));
        std::string expected;
        const std::string result = world.objects.get(job.result.prefix + "transcript.txt");
        if (content != world.uploads.end() && world.objects.stat(*key)->etag == job.input.etag) {
            for (int64_t i = 0; i < content->second[1] - '0'; ++i) expected += window_text(i, content->second) + "\n";
            if (result != expected) wrong("its result is not the recording's: " + result);
        }
    }
    std::set<std::string> sent;
    int terminal = 0;
    for (const OutboxEvent& event : world.store.events_of(job.id)) {
        if (!is_terminal_event(event.type)) continue;
        ++terminal;
        sent.insert(event.id);
        if (event.state != EventState::delivered) wrong("its message " + event.type + " was not delivered");
    }
    if (terminal != (job.callback.url.empty() ? 0 : 1)) wrong(std::to_string(terminal) + " terminal messages");
    std::set<std::string> told;
    for (const auto& [type, ids] : world.told[job.id]) told.insert(ids.begin(), ids.end());
    if (told != sent) wrong("its receiver was told something else than was to be told");
}

void check_machines(World& world) {
    std::map<std::string, int> launches;
    for (const auto& machine : world.machines) {
        const std::string launch = machine->job_id + " " + std::to_string(machine->launch_seq);
        if (++launches[launch] > 1) world.violation("two machines of launch " + launch);
        if (machine->lives()) world.violation(machine->id + " lives in the end");
        if (machine->ended_ms - machine->launched_ms > longest_machine_ms)
            world.violation(machine->id + " has lived beyond its deadline and grace");
    }
}

}  // namespace

void check(World& world) {
    check_machines(world);
    std::set<std::string> jobs;
    for (const Job& job : all_jobs(world)) {
        jobs.insert(job.id);
        check_job(world, job);
    }
    for (const auto& [key, content] : world.uploads) {
        const auto parsed = cloud::parse_upload_key(key);
        const std::string id =
            !parsed->job_id.empty() ? parsed->job_id : job_id_of_object("bucket", key, world.objects.stat(key)->etag);
        if (jobs.count(id) == 0) world.violation(key + " has no job");
    }
}

}  // namespace ft::simulation
