#include "world.h"

#include <algorithm>

#include "jobs/events.h"

namespace ft::simulation {

namespace {

bool is_out(const std::vector<Outage>& outages, int64_t now_ms) {
    return std::any_of(outages.begin(), outages.end(), [&](const Outage& outage) { return outage.has(now_ms); });
}

std::string parameters_of(const aws::FleetRequest& request) {
    std::string all = request.launch_template + (request.spot ? " spot" : " on demand");
    for (const auto& choice : request.choices) all += " " + choice.instance_type + "," + choice.subnet_id;
    for (const auto& [name, value] : request.instance_tags) all += " " + name + "=" + value;
    return all;
}

}  // namespace

bool is_terminal_event(const std::string& type) {
    return type == event_completed || type == event_failed || type == event_dead || type == event_cancelled;
}

World::World(uint64_t seed, const Sabotage& switched_off, std::filesystem::path folder)
    : sabotage(switched_off), scratch(std::move(folder)), chance(seed) {}

void World::set_faults(Faults& faults, Process& process) {
    faults.decide = [this, &process](const char* name) {
        // A lease keeper's calls take no time; those of a dead process never leave it.
        if (!process.is_main_thread()) return process.dead || (chaos && luck(fault_rate)) ? Fault::fails : Fault::none;
        process.sleep_ms(chaos && luck(0.01) ? upto(40 * second) : 1 + upto(40));
        if (!chaos) return Fault::none;
        const bool stops = zombie_commits && std::string_view(name) == "commit" && luck(0.3);
        if (process.name.starts_with("i-") && (stops || luck(fault_rate / 4))) {
            // SIGSTOP, and on it goes as if nothing had been.
            time.freeze(process, now() + upto(20 * minute));
            process.sleep_ms(0);
        }
        if (!luck(fault_rate)) return Fault::none;
        constexpr Fault all[] = {Fault::fails, Fault::lost_reply, Fault::dies_before, Fault::dies_after};
        return all[upto(3)];
    };
    faults.done = [this, &process](const char*) {
        if (process.is_main_thread()) process.sleep_ms(1 + upto(40));
    };
}

void World::end_machine(SimulatedMachine& machine) {
    if (!machine.lives()) return;
    machine.ended_ms = now();
    time.kill(*machine.process);
}

std::set<std::string> World::machines_with_lease() {
    std::set<std::string> held;
    for (const Job& job : store.unfinished(1000)) {
        const bool renewed = job.state == JobState::running && job.lease_until_ms > now();
        if (renewed) held.insert(job.owner.substr(0, job.owner.find(':')));
    }
    return held;
}

void World::put_object(const std::string& key, const std::string& content) {
    const std::string version = objects.put(key, content).etag;
    uploads[key] = content;
    if (luck(0.1)) return;  // lost
    do send_event(key, version);
    while (luck(0.2));
}

void World::send_event(const std::string& key, const std::string& version) {
    const int64_t late_ms = luck(0.1) ? upto(30 * minute) : upto(20 * second);
    queue.push_back({now() + late_ms, ++messages, key, version, 0});
}

aws::FleetResult FakeMachines::start(const aws::FleetRequest& request) {
    const bool forgets = world_.sabotage.no_client_token;
    const std::string parameters = parameters_of(request);
    const auto known = forgets ? world_.fleets.end() : world_.fleets.find(request.client_token);
    aws::FleetResult result;
    if (known != world_.fleets.end()) {
        if (known->second.first == parameters) return known->second.second;
        result.failures.push_back({"IdempotentParameterMismatch", "another request had this token", "", ""});
        return result;
    }
    const auto& outages = request.spot ? world_.no_spot : world_.no_on_demand;
    if (world_.chaos && is_out(outages, world_.now())) {
        for (const auto& choice : request.choices)
            result.failures.push_back({"InsufficientInstanceCapacity", "", choice.instance_type, choice.subnet_id});
    } else {
        auto machine = std::make_unique<SimulatedMachine>();
        machine->id = "i-" + std::to_string(world_.machines.size() + 1);
        machine->job_id = request.instance_tags.at(cloud::job_tag);
        machine->launch_seq = std::stoi(request.instance_tags.at(cloud::launch_tag));
        machine->token = request.client_token;
        machine->launched_ms = world_.now();
        machine->process = std::make_unique<Process>(world_.time, machine->id);
        result.launched.push_back({machine->id, "g4dn.xlarge", request.spot ? "spot" : ""});
        world_.machines.push_back(std::move(machine));
        world_.boot(*world_.machines.back());
    }
    if (!forgets) world_.fleets[request.client_token] = {parameters, result};
    return result;
}

aws::FleetResult FakeMachines::launch(const aws::FleetRequest& request) {
    return faults_.around("CreateFleet", [&] { return start(request); });
}

std::vector<cloud::Machine> FakeMachines::list() {
    return faults_.around("DescribeInstances", [&] {
        std::vector<cloud::Machine> all;
        for (const auto& machine : world_.machines) {
            // What was launched or ended a moment ago may not be seen yet.
            const int64_t age_ms = world_.now() - machine->launched_ms;
            if (world_.sabotage.no_client_token || (age_ms < 5 * second && world_.luck(0.5))) continue;
            if (!machine->lives() && world_.now() - machine->ended_ms > 60 * minute) continue;
            all.push_back({machine->id, machine->lives() ? "running" : "terminated", machine->launched_ms,
                           machine->job_id, machine->launch_seq});
        }
        return all;
    });
}

void FakeMachines::terminate(const std::string& machine_id) {
    faults_.around("TerminateInstances", [&] {
        for (const auto& machine : world_.machines) {
            if (machine->id != machine_id || !machine->lives()) continue;
            const bool in_time = world_.now() - machine->launched_ms < 60 * minute;
            if (in_time && world_.leased_at_last_look.count(machine_id) > 0)
                world_.violation("the reaper has terminated " + machine_id + ", whose job had renewed its lease");
            world_.end_machine(*machine);
        }
    });
}

std::optional<cloud::UploadInfo> FakeUploads::head(const std::string& key, const std::string& version) {
    return faults_.around("HeadObject", [&]() -> std::optional<cloud::UploadInfo> {
        const auto found = world_.objects.stat(key);
        // Every object keeps its versions in the real bucket; here the last one only.
        if (!found || (!version.empty() && version != found->etag)) return std::nullopt;
        return cloud::UploadInfo{key, found->size_bytes, found->etag, found->etag, found->modified_ms};
    });
}

std::vector<cloud::UploadInfo> FakeUploads::list(const std::string& prefix, const std::string& after, int limit) {
    return faults_.around("ListObjects", [&] {
        std::vector<cloud::UploadInfo> all;
        for (const ObjectInfo& info : world_.objects.list(prefix, after, limit))
            all.push_back({info.key, info.size_bytes, info.etag, "", info.modified_ms});
        return all;
    });
}

std::optional<std::string> FakeUploads::read_text(const std::string& key) {
    return faults_.around("GetObject", [&]() -> std::optional<std::string> {
        if (!world_.objects.stat(key)) return std::nullopt;
        return world_.objects.get(key);
    });
}

Delivery FakeReceiver::deliver(const OutboxEvent& event) {
    if (world_.chaos && is_out(world_.receiver_down, world_.now())) return {Delivery::Verdict::again, 503, {}, "down"};
    if (is_terminal_event(event.type)) world_.told[event.job_id][event.type].insert(event.id);
    return {Delivery::Verdict::delivered, 200, {}, ""};
}

}  // namespace ft::simulation
