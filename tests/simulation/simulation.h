#pragma once
// One course of events from one seed: uploads, functions, machines and workers, all with faults, then a calm in which
// everything must come to an end; then the invariants of docs/jobs.md.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "world.h"

namespace ft::simulation {

struct Outcome {
    std::vector<std::string> violations;
    int jobs = 0, succeeded = 0, machines = 0;
    std::string trace;  ///< what became of every job and machine, and when
};

Outcome simulate(uint64_t seed, const Sabotage& sabotage, const std::filesystem::path& scratch);

}  // namespace ft::simulation
