#include "simulation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cloud/process_upload.h"
#include "cloud/reaper.h"
#include "cloud/upload_key.h"
#include "fake_engine.h"
#include "invariants.h"
#include "jobs/memory/faulty_stores.h"
#include "jobs/worker.h"

namespace ft::simulation {

namespace {

constexpr int64_t chaos_ms = 150 * minute, most_ms = 150 * hour;
constexpr const char* callback_id = "cb";

/// The store as a worker has it.
class WorkersStore : public FaultyJobStore {
  public:
    WorkersStore(World& world, Faults& none) : FaultyJobStore(world.store, none), world_(world) {}
    StoreResult commit(const Lease& lease, const JobResult& result) override {
        if (!world_.sabotage.no_fence) return FaultyJobStore::commit(lease, result);
        const auto job = world_.store.get(lease.job_id);
        return FaultyJobStore::commit(job ? lease_of(*job) : lease, result);
    }

  private:
    World& world_;
};

/// The store as the reaper has it. What it looks at is noted, to be held against what it does.
class ReapersStore : public FaultyJobStore {
  public:
    ReapersStore(World& world, Faults& none) : FaultyJobStore(world.store, none), world_(world) {}
    std::vector<Job> unfinished(int limit) override {
        world_.leased_at_last_look = world_.machines_with_lease();
        std::vector<Job> jobs = FaultyJobStore::unfinished(limit);
        for (Job& job : jobs) {
            if (world_.sabotage.blind_reaper && job.state == JobState::running) job.lease_until_ms = job.created_ms;
        }
        return jobs;
    }

  private:
    World& world_;
};

class Simulation {
  public:
    Simulation(uint64_t seed, const Sabotage& sabotage, const std::filesystem::path& scratch);
    Outcome run();

  private:
    /// What one function's sandbox is made of.
    struct Function {
        explicit Function(Simulation& simulation, JobStore& seen, Process& process)
            : store(seen, faults),
              objects(simulation.world_.objects, faults),
              machines(simulation.world_, faults),
              uploads(simulation.world_, faults),
              launcher({store, machines, uploads, process, [&simulation] { return simulation.world_.random(); }},
                       simulation.settings_),
              intake{store, uploads, simulation.settings_, simulation.rules_} {
            simulation.world_.set_faults(faults, process);
        }

        Faults faults;
        FaultyJobStore store;
        FaultyObjectStore objects;
        FakeMachines machines;
        FakeUploads uploads;
        cloud::Launcher launcher;
        cloud::IntakeParts intake;
    };

    Process& process(const std::string& name) {
        world_.processes.push_back(std::make_unique<Process>(world_.time, name));
        return *world_.processes.back();
    }
    void plan_outages();
    void live();  // what users and spot markets do
    void upload(int number);
    void kill_one();
    void cancel_one();
    void poll(Process& process);
    std::string batch(std::vector<int64_t>& numbers);
    void settle(const std::string& answer, const std::vector<int64_t>& numbers);
    void reap(Process& process);
    int64_t next_pass_ms();
    void boot(SimulatedMachine& machine);
    void work(SimulatedMachine& machine);
    bool is_quiet();

    World world_;
    cloud::CloudSettings settings_;
    JobRules rules_;
    Faults none_;
    WorkersStore workers_store_{world_, none_};
    ReapersStore reapers_store_{world_, none_};
    FakeReceiver receiver_{world_};
    bool lived_ = false;
};

Simulation::Simulation(uint64_t seed, const Sabotage& sabotage, const std::filesystem::path& scratch)
    : world_(seed, sabotage, scratch) {
    settings_.stack = "s";
    settings_.launch_template = "lt-1";
    settings_.subnets = {"subnet-a", "subnet-b"};
    settings_.max_instances = 1 + static_cast<int>(world_.upto(3));
    settings_.jobs_per_instance = 1 + static_cast<int>(world_.upto(4));
    settings_.on_demand = world_.luck(0.5) ? cloud::OnDemand::on_no_capacity : cloud::OnDemand::never;
    settings_.machine_life_ms = machine_life_ms;
    rules_.signs_webhooks = true;
    none_.decide = [](const char*) { return Fault::none; };
    world_.fault_rate = world_.luck(0.2) ? 0 : 0.03 * world_.random();
    world_.zombie_commits = world_.luck(0.2);
    world_.boot = [this](SimulatedMachine& machine) { boot(machine); };
    plan_outages();
}

void Simulation::plan_outages() {
    const auto some = [&](std::vector<Outage>& outages, double probability, int64_t longest_ms) {
        if (!world_.luck(probability)) return;
        const int64_t begin_ms = world_.now() + world_.upto(40 * minute);
        outages.push_back({begin_ms, begin_ms + world_.upto(longest_ms)});
    };
    some(world_.no_spot, 0.3, 60 * minute);
    some(world_.no_on_demand, 0.2, 60 * minute);
    some(world_.receiver_down, 0.3, chaos_ms);
}

void Simulation::upload(int number) {
    const bool bad = world_.luck(0.05);
    const std::string content =
        (bad ? "bad " : "w" + std::to_string(1 + world_.upto(3)) + " ") + std::to_string(number);
    const std::string name = "r" + std::to_string(number) + ".wav";
    if (world_.luck(0.3)) {
        NewJob job;
        job.id = "job_api" + std::to_string(number);
        const std::string key = cloud::api_upload_key(job.id, name);
        job.input = {"object:" + key, name, "", "", static_cast<int64_t>(content.size())};
        job.not_before_ms = world_.now() + 30 * minute;
        job.callback.url = "https://example.org/hook";
        world_.store.create(job);
        if (world_.luck(0.15)) return;  // nobody ever uploads it
        world_.aws.sleep_ms(world_.upto(5 * minute));
        world_.put_object(key, content);
        return;
    }
    const std::string folder = world_.luck(0.6) ? std::string(callback_id) + "/" : "";
    const std::string key = std::string(cloud::upload_prefix) + folder + name;
    world_.put_object(key, content);
    if (world_.luck(0.05)) {
        world_.aws.sleep_ms(world_.upto(3 * minute));
        world_.put_object(key, content + " again");
    }
    if (world_.luck(0.03)) {
        world_.aws.sleep_ms(world_.upto(3 * minute));
        world_.objects.remove(key);
        world_.uploads.erase(key);
    }
}

void Simulation::kill_one() {
    std::vector<SimulatedMachine*> live;
    for (const auto& machine : world_.machines) {
        if (machine->lives()) live.push_back(machine.get());
    }
    if (!live.empty())
        world_.end_machine(*live[static_cast<size_t>(world_.upto(static_cast<int64_t>(live.size()) - 1))]);
}

void Simulation::cancel_one() {
    const auto jobs = world_.store.unfinished(10);
    if (!jobs.empty()) world_.store.cancel(jobs.front().id);
}

void Simulation::live() {
    const int uploads = 1 + static_cast<int>(world_.upto(3));
    for (int i = 0; i < uploads; ++i) {
        world_.aws.sleep_ms(world_.luck(0.5) ? world_.upto(20 * second) : world_.upto(15 * minute));
        upload(i);
    }
    lived_ = true;
    while (world_.now() < VirtualTime::begin_ms + chaos_ms) {
        world_.aws.sleep_ms(minute + world_.upto(30 * minute));
        if (world_.luck(0.3)) kill_one();
        if (world_.luck(0.03)) cancel_one();
    }
    world_.chaos = false;
}

std::string Simulation::batch(std::vector<int64_t>& numbers) {
    nlohmann::json records = nlohmann::json::array();
    for (Message& message : world_.queue) {
        if (message.due_ms > world_.now() || world_.luck(0.3)) continue;
        message.due_ms = world_.now() + 6 * minute;  // hidden meanwhile
        ++message.received;
        numbers.push_back(message.number);
        const nlohmann::json object = {{"key", message.key}, {"versionId", message.version}};
        const nlohmann::json event = {{"eventName", "ObjectCreated:Put"},
                                      {"s3", {{"bucket", {{"name", "bucket"}}}, {"object", object}}}};
        records.push_back(
            {{"messageId", std::to_string(message.number)}, {"body", nlohmann::json{{"Records", {event}}}.dump()}});
    }
    if (world_.luck(0.02)) records.push_back({{"messageId", "test"}, {"body", R"({"Event":"s3:TestEvent"})"}});
    if (world_.luck(0.02)) records.push_back({{"messageId", "junk"}, {"body", "{"}});
    return nlohmann::json{{"Records", records}}.dump();
}

void Simulation::settle(const std::string& answer, const std::vector<int64_t>& numbers) {
    std::set<std::string> failed;
    const nlohmann::json failures = nlohmann::json::parse(answer).at("batchItemFailures");
    for (const auto& failure : failures) failed.insert(failure.at("itemIdentifier").get<std::string>());
    std::erase_if(world_.queue, [&](const Message& message) {
        const bool ours = std::find(numbers.begin(), numbers.end(), message.number) != numbers.end();
        // After five times it lies in the dead-letter queue, where only the sweep makes up for it.
        return ours && (failed.count(std::to_string(message.number)) == 0 || message.received >= 5);
    });
}

void Simulation::poll(Process& process) {
    while (!lived_ || !world_.queue.empty()) {
        int64_t due_ms = world_.now() + minute;
        for (const Message& message : world_.queue) due_ms = std::min(due_ms, message.due_ms);
        process.sleep_ms(std::max<int64_t>(due_ms - world_.now(), second));
        std::vector<int64_t> numbers;
        const std::string payload = batch(numbers);
        if (numbers.empty()) continue;
        Function function(*this, world_.store, process);
        try {
            settle(cloud::process_uploads(function.intake, function.launcher, payload), numbers);
        } catch (const SimulatedCrash&) {
            // The messages come again when they are shown again.
        }
    }
}

int64_t Simulation::next_pass_ms() {
    constexpr int64_t usual_ms = 5 * minute;
    if (world_.chaos || !world_.queue.empty() || !world_.store.unfinished(1).empty()) return usual_ms;
    for (const auto& machine : world_.machines) {
        if (machine->lives()) return usual_ms;
    }
    // Only messages wait: the passes until then would find nothing.
    int64_t due_ms = world_.now() + 31 * minute;
    for (const Job& job : all_jobs(world_)) {
        for (const OutboxEvent& event : world_.store.events_of(job.id)) {
            if (event.state == EventState::pending) due_ms = std::max(due_ms, event.due_ms);
        }
    }
    return due_ms - world_.now();
}

void Simulation::reap(Process& process) {
    process.sleep_ms(world_.upto(5 * minute));
    int calm_passes = 0;
    while (world_.now() < VirtualTime::begin_ms + most_ms) {
        Function function(*this, reapers_store_, process);
        FaultyNotifier notifier(receiver_, function.faults);
        cloud::ReaperOptions options;
        if (world_.sabotage.no_sweep) options.sweep_every_ms = most_ms * 1000000;
        cloud::Reaper reaper({function.store, function.objects, function.machines, function.intake, function.launcher,
                              notifier, process, [this] { return world_.random(); }, [] {}, nullptr},
                             settings_, options);
        const bool calm = !world_.chaos;
        try {
            reaper.run([] { return true; });
            calm_passes += calm;
        } catch (const SimulatedCrash&) {
        }
        // Long enough for a sweep of the whole bucket.
        if (calm_passes > 12 && is_quiet()) return;
        process.sleep_ms(next_pass_ms());
    }
    world_.violation("after 150 hours there is still something to do");
}

bool Simulation::is_quiet() {
    if (!world_.queue.empty() || !world_.store.unfinished(1).empty()) return false;
    for (const auto& machine : world_.machines) {
        if (machine->lives()) return false;
    }
    for (const Job& job : all_jobs(world_)) {
        for (const OutboxEvent& event : world_.store.events_of(job.id)) {
            if (event.state == EventState::pending) return false;
        }
    }
    return true;
}

void Simulation::boot(SimulatedMachine& machine) {
    if (world_.chaos && world_.luck(0.04)) return;  // it hangs while it boots
    const int64_t at_ms = world_.now() + 30 * second + world_.upto(150 * second);
    world_.time.spawn(at_ms, *machine.process, [this, &machine] {
        try {
            work(machine);
            world_.end_machine(machine);
        } catch (const SimulatedCrash&) {
            // The unit's failure powers the machine off; now and then nothing does.
            const bool hangs = machine.lives() && world_.luck(0.15);
            machine.process->dead = true;
            if (!hangs) world_.end_machine(machine);
        }
    });
}

void Simulation::work(SimulatedMachine& machine) {
    Process& process = *machine.process;
    Faults faults;
    world_.set_faults(faults, process);
    FaultyJobStore store(workers_store_, faults);
    FaultyObjectStore objects(world_.objects, faults);
    FaultyNotifier notifier(receiver_, faults);
    FakeEngine engine(world_, process);
    WorkerOptions options;
    options.owner = machine.id + ":worker";
    options.scratch = world_.scratch;
    WorkerOptions own = options;
    own.job_id = machine.job_id;
    own.launch_seq = machine.launch_seq;
    KeeperFirst keeper_first(process);
    const WorkerParts parts{store,        objects, notifier, engine, process, [this] { return world_.random(); },
                            &keeper_first};
    Worker launched_for(parts, own), any(parts, options);
    const auto round = [&](Worker& worker) {
        try {
            return worker.run_one();
        } catch (const Error&) {
            return Round::idle;
        }
    };
    round(launched_for);
    int64_t idle_since_ms = world_.now();
    while (world_.now() - machine.launched_ms < machine_life_ms - 10 * minute) {
        if (round(any) != Round::idle) idle_since_ms = world_.now();
        if (world_.now() - idle_since_ms >= minute) return;
        process.sleep_ms(10 * second);
    }
}

Outcome Simulation::run() {
    world_.objects.put(cloud::callback_key(callback_id), R"({"url":"https://example.org/hook"})");
    world_.time.spawn(world_.now(), world_.aws, [this] { live(); });
    for (const char* name : {"upload 1", "upload 2"}) {
        Process& function = process(name);
        world_.time.spawn(world_.now(), function, [this, &function] { poll(function); });
    }
    Process& reaper = process("reaper");
    world_.time.spawn(world_.now(), reaper, [this, &reaper] { reap(reaper); });
    world_.time.run(VirtualTime::begin_ms + 2 * most_ms);
    check(world_);
    Outcome outcome;
    outcome.violations = world_.violations;
    for (const Job& job : all_jobs(world_)) {
        ++outcome.jobs;
        outcome.trace +=
            fmt::format("{} {} {} {} {}\n", job.id, to_string(job.state), job.fence, job.attempt, job.updated_ms);
        outcome.succeeded += job.state == JobState::succeeded;
    }
    outcome.machines = static_cast<int>(world_.machines.size());
    for (const auto& machine : world_.machines)
        outcome.trace += fmt::format("{} {} {}\n", machine->id, machine->launched_ms, machine->ended_ms);
    return outcome;
}

}  // namespace

Outcome simulate(uint64_t seed, const Sabotage& sabotage, const std::filesystem::path& scratch) {
    return Simulation(seed, sabotage, scratch).run();
}

}  // namespace ft::simulation
