#pragma once
// One suite for every job store and every object store: what the contracts in jobs/job_store.h and object_store.h say.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "jobs/job_store.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/object_store.h"

namespace ft::conformance {

using test::TemporaryFolder;

/// A file system in memory, where there is one: there syncing takes no time.
std::filesystem::path fastest_disk();

struct Stores {
    std::unique_ptr<JobStore> jobs;
    std::unique_ptr<ObjectStore> objects;
};
/// What this program tests: memory and local (local_stores.cpp), or aws (aws_stores.cpp), which needs a server.
std::vector<const char*> store_names();
/// New and empty; `clock` outlives them. `folder` is for files.
Stores make_stores(const std::string& name, const Clock& clock, const std::filesystem::path& folder);

/// GetParam(): one of store_names().
class JobsSuite : public ::testing::TestWithParam<const char*> {
  protected:
    JobsSuite();

    static NewJob wanted(const std::string& name = "möte.mp3");
    /// Wants every kind of event.
    static NewJob watched();
    Job created(const NewJob& job) { return store->create(job).job; }
    std::optional<Job> claim(const std::string& owner, int64_t lease_ms = 120000);
    static JobResult result_of(const Job& job);
    static RetryDecision decision(JobState state, int64_t not_before_ms = 0);
    /// A store to which every call takes milliseconds: fewer rounds of the same will do.
    static bool is_slow() { return GetParam() == std::string("aws"); }
    JobState state(const std::string& id) { return store->get(id)->state; }
    std::vector<std::string> types_of_events(const std::string& id);

    ManualClock clock;
    TemporaryFolder folder{fastest_disk()};
    std::unique_ptr<JobStore> store;
    std::unique_ptr<ObjectStore> objects;
};

inline const auto every_store = ::testing::ValuesIn(store_names());

}  // namespace ft::conformance
