#pragma once
// What must hold in the end (docs/jobs.md, "The simulator").
#include <vector>

#include "world.h"

namespace ft::simulation {

inline constexpr int64_t machine_life_ms = 3600000;
/// Deadline, grace, and two passes of a reaper whose own calls fail.
inline constexpr int64_t longest_machine_ms = machine_life_ms + 600000 + 5400000;

std::vector<Job> all_jobs(World& world);
/// Writes what does not hold into world.violations.
void check(World& world);

}  // namespace ft::simulation
