#pragma once
// A worker whose engine is a fake and whose every call can fail.
#include <functional>
#include <map>
#include <memory>

#include "jobs/memory/faults.h"
#include "jobs/memory/faulty_stores.h"
#include "jobs/memory/memory_notifier.h"
#include "jobs/worker.h"
#include "suite.h"

namespace ft::conformance {

/// "Transcribes" a file into windows of 30 s, each with one segment that names it and the file's content.
class FakeTranscribe : public Transcribe {
  public:
    int windows = 3;
    std::string plan_name = "plan A";
    std::map<int64_t, int> computed;  ///< how often each window was computed
    /// Called before window `index` is handed in; with what the engine was given to stop it.
    std::function<void(int64_t index, const std::atomic<bool>& stop)> during;
    std::function<void()> at_plan;

    std::string plan(const Job& job) override;
    Transcript transcribe(const TranscribeRequest& request, const WindowFunction& on_window,
                          const std::atomic<bool>& stop) override;
};

class WorkerSuite : public JobsSuite {
  protected:
    WorkerSuite() : faulty_store(*store, faults), faulty_objects(*objects, faults), faulty_notifier(notifier, faults) {}

    /// A job with its audio, that wants all terminal events.
    std::string submit();
    WorkerOptions options(const std::string& owner) const;
    Worker worker(const std::string& owner = "first") { return {parts(), options(owner)}; }
    WorkerParts parts() {
        return {faulty_store, faulty_objects, faulty_notifier, transcribe, clock, [] { return 0.5; }};
    }
    /// run_one(), where SimulatedCrash ends the process; true when it did.
    bool crashes(const std::string& owner);
    /// What succeeded looks like, whatever happened before.
    void expect_one_result(const std::string& id);
    std::string result_text(const std::string& id);
    int events(const std::string& id, std::string_view type);
    static void wait_until(const std::function<bool()>& condition);

    Faults faults;
    FaultyJobStore faulty_store;
    FaultyObjectStore faulty_objects;
    MemoryNotifier notifier;
    FaultyNotifier faulty_notifier;
    FakeTranscribe transcribe;
};

}  // namespace ft::conformance
