// Memory, and one machine's files.
#include "jobs/local/file_object_store.h"
#include "jobs/local/sqlite_job_store.h"
#include "jobs/memory/memory_job_store.h"
#include "jobs/memory/memory_object_store.h"
#include "suite.h"

namespace ft::conformance {

std::vector<const char*> store_names() {
    return {"memory", "local"};
}

Stores make_stores(const std::string& name, const Clock& clock, const std::filesystem::path& folder) {
    if (name == "memory") return {std::make_unique<MemoryJobStore>(clock), std::make_unique<MemoryObjectStore>(clock)};
    return {std::make_unique<SqliteJobStore>(folder / "data/jobs.db", clock),
            std::make_unique<FileObjectStore>(folder / "data/objects")};
}

}  // namespace ft::conformance
