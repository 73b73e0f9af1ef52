#pragma once
// Looks at this machine for the doctor. Slow things (self-tests) take about a second together.
#include <string>
#include <string_view>
#include <vector>

#include "doctor.h"
#include "tensor/backend.h"

namespace ft {

/// Throws nothing: what cannot be found out is empty or is a finding.
DoctorFacts gather_facts(const std::filesystem::path& model_dir);

// The parts that can be tested by themselves.

struct CpuInfo {
    std::string model;
    int cores = 0;  ///< physical, as far as it is told; logical otherwise
    std::vector<std::string> instruction_sets;
};
/// From the text of /proc/cpuinfo.
CpuInfo parse_cpu_info(std::string_view cpuinfo);
/// Bytes of a line of /proc/meminfo, e.g. "MemAvailable"; 0 when there is none.
uint64_t parse_memory(std::string_view meminfo, std::string_view name);
/// The version in /proc/driver/nvidia/version; "" when there is none.
std::string parse_nvidia_version(std::string_view text);

/// System, CPU and memory.
void gather_machine(DoctorFacts& facts);
/// What CUDA's driver says, loaded at run time: the build needs nothing of it.
DoctorFacts::Gpu gather_gpu();
/// Opens the first GPU and looks whether it computes rightly: "", or what is wrong.
std::string examine_gpu_engine();
/// "FFmpeg 5.1.6", …: what the program and this backend use, with the versions at run time.
std::vector<std::string> gather_libraries(const BackendInfo& backend);
/// Small computations on every backend against the plain one, and a decoded sound.
std::vector<DoctorFacts::Test> run_self_tests();

}  // namespace ft
