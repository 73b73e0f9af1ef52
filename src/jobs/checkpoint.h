#pragma once
// Finished windows in the object store: checkpoints/<job>/<window>.<fence>.json (docs/jobs.md, "Checkpoints").
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "jobs/object_store.h"
#include "jobs/transcribe.h"

namespace ft {

void save_checkpoint(ObjectStore& objects, const Job& job, const std::string& plan, const FinishedWindow& window);

/// Of this plan, ascending, each window once (of the newest fence). What is damaged or of another plan is passed over:
/// it costs time, not the result. Throws Error{network, io, permission}.
std::vector<FinishedWindow> load_checkpoints(ObjectStore& objects, const Job& job, const std::string& plan);

/// As load_checkpoints, without the windows in `known`; those that are returned are added to it. For who follows a job.
std::vector<FinishedWindow> new_checkpoints(ObjectStore& objects, const Job& job, const std::string& plan,
                                            std::set<int64_t>& known);

}  // namespace ft
