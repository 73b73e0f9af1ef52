#pragma once
// The record as JSON text, for stores that keep it as a document (docs/jobs.md, "The record").
#include <string>
#include <string_view>

#include "jobs/job.h"

namespace ft {

std::string job_to_json(const Job& job);
/// Fields that are missing have their defaults, so that older records are read. Throws Error{io}, naming the job, for
/// text that job_to_json did not write.
Job job_from_json(std::string_view text, std::string_view id);

}  // namespace ft
