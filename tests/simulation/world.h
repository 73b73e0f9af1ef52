#pragma once
// AWS as the simulator has it: a bucket whose events get lost, doubled and late, machines that may not be had and that
// vanish, receivers that are down. Everything is decided by one seed.
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "cloud/ports.h"
#include "jobs/memory/faults.h"
#include "jobs/memory/memory_job_store.h"
#include "jobs/memory/memory_object_store.h"
#include "jobs/notifier.h"
#include "virtual_time.h"

namespace ft::simulation {

inline constexpr int64_t second = 1000, minute = 60 * second, hour = 60 * minute;

/// What is switched off to see that it is missed.
struct Sabotage {
    bool no_fence = false;         ///< a worker's commit is written whatever its fence
    bool blind_reaper = false;     ///< the reaper does not see that leases are renewed
    bool no_client_token = false;  ///< EC2 forgets tokens, and its lists are empty
    bool no_sweep = false;         ///< nobody compares the bucket with the table
    bool any() const { return no_fence || blind_reaper || no_client_token || no_sweep; }
};

/// Time in which something is missing.
struct Outage {
    int64_t begin_ms = 0, end_ms = 0;
    bool has(int64_t now_ms) const { return now_ms >= begin_ms && now_ms < end_ms; }
};

struct SimulatedMachine {
    std::string id, job_id, token;
    int launch_seq = 0;
    int64_t launched_ms = 0, ended_ms = 0;  ///< 0: it lives
    std::unique_ptr<Process> process;
    bool lives() const { return ended_ms == 0; }
};

struct Message {
    int64_t due_ms = 0;
    int64_t number = 0;
    std::string key, version;
    int received = 0;
};

/// Any member is used by whoever has the turn.
struct World {
    World(uint64_t seed, const Sabotage& sabotage, std::filesystem::path scratch);

    int64_t now() const { return time.now_ms(); }
    int64_t upto(int64_t most) { return std::uniform_int_distribution<int64_t>(0, most)(chance); }
    bool luck(double probability) { return std::uniform_real_distribution<double>(0, 1)(chance) < probability; }
    double random() { return std::uniform_real_distribution<double>(0, 1)(chance); }
    void violation(const std::string& what) { violations.push_back(what); }

    /// A call of `process` takes time and may fail, unless the chaos is over. Its faults are decided here.
    void set_faults(Faults& faults, Process& process);
    void end_machine(SimulatedMachine& machine);
    /// Jobs that `machine` holds now, by the store itself: what the reaper must respect.
    std::set<std::string> machines_with_lease();
    /// An object is there; its event is on its way, or lost, or comes twice.
    void put_object(const std::string& key, const std::string& content);
    void send_event(const std::string& key, const std::string& version);

    const Sabotage sabotage;
    const std::filesystem::path scratch;
    std::mt19937_64 chance;
    VirtualTime time;
    Process aws{time, "aws"};  ///< the clock of the services
    MemoryJobStore store{aws};
    MemoryObjectStore objects{aws};
    bool chaos = true;
    double fault_rate = 0;        ///< of a call
    bool zombie_commits = false;  ///< many workers are stopped just before they commit, and go on minutes later

    std::vector<Outage> no_spot, no_on_demand, receiver_down;
    std::vector<std::unique_ptr<SimulatedMachine>> machines;
    std::vector<std::unique_ptr<Process>> processes;
    std::map<std::string, std::pair<std::string, aws::FleetResult>> fleets;  ///< token → parameters, answer
    std::vector<Message> queue;
    int64_t messages = 0;
    std::map<std::string, std::string> uploads;                                ///< key → content
    std::map<std::string, std::map<std::string, std::set<std::string>>> told;  ///< job → terminal type → event ids
    std::set<std::string> leased_at_last_look;
    std::function<void(SimulatedMachine&)> boot;  ///< set by the simulation
    std::vector<std::string> violations;
};

/// As one process sees them.
class FakeMachines : public cloud::Machines {
  public:
    FakeMachines(World& world, Faults& faults) : world_(world), faults_(faults) {}
    aws::FleetResult launch(const aws::FleetRequest& request) override;
    std::vector<cloud::Machine> list() override;
    void terminate(const std::string& machine_id) override;

  private:
    aws::FleetResult start(const aws::FleetRequest& request);
    World& world_;
    Faults& faults_;
};

class FakeUploads : public cloud::Uploads {
  public:
    FakeUploads(World& world, Faults& faults) : world_(world), faults_(faults) {}
    std::optional<cloud::UploadInfo> head(const std::string& key, const std::string& version) override;
    std::vector<cloud::UploadInfo> list(const std::string& prefix, const std::string& after, int limit) override;
    std::optional<std::string> read_text(const std::string& key) override;
    std::string uri_of(const std::string& key) const override { return "object:" + key; }
    std::optional<std::string> key_of(const std::string& uri) const override { return key_of_uri(uri); }
    const std::string& bucket() const override { return bucket_; }

  private:
    World& world_;
    Faults& faults_;
    const std::string bucket_ = "bucket";
};

/// A receiver: 200, or down.
class FakeReceiver : public Notifier {
  public:
    explicit FakeReceiver(World& world) : world_(world) {}
    Delivery deliver(const OutboxEvent& event) override;

  private:
    World& world_;
};

bool is_terminal_event(const std::string& type);

}  // namespace ft::simulation
