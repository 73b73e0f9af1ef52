// System, processor and memory, from what Linux tells about itself in text files.
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "doctor_facts.h"

namespace ft {

namespace {

/// Those that kernels are chosen by, as /proc/cpuinfo calls them.
constexpr std::array interesting{"sse4_1",   "avx",         "avx2",        "fma",      "f16c",  "avx_vnni", "avx512f",
                                 "avx512bw", "avx512_vnni", "avx512_bf16", "amx_int8", "asimd", "asimddp",  "i8mm"};

std::string text_of(const std::filesystem::path& path) {
    try {
        return read_file(path, size_t{8} << 20);
    } catch (const Error&) {
        return "";
    }
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// "key : value" → {key, value}; both empty without a colon.
std::pair<std::string_view, std::string_view> key_value(std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    return {trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1))};
}

std::string system_name() {
    std::string name = "an unnamed system";
    const std::string release = text_of("/etc/os-release");
    for (const std::string_view line : lines_of(release)) {
        constexpr std::string_view key = "PRETTY_NAME=\"";
        if (line.substr(0, key.size()) == key && line.size() > key.size())
            name = line.substr(key.size(), line.size() - key.size() - 1);
    }
    utsname system = {};
    if (::uname(&system) == 0) name += std::string(", Linux ") + system.release + " " + system.machine;
    return name;
}

int usable_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                         : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

CpuInfo parse_cpu_info(std::string_view cpuinfo) {
    CpuInfo info;
    int logical = 0;
    std::string_view package;
    std::set<std::pair<std::string_view, std::string_view>> cores;
    for (const std::string_view line : lines_of(cpuinfo)) {
        const auto [key, value] = key_value(line);
        if (key == "processor") ++logical;
        if (key == "model name" && info.model.empty()) info.model = value;
        if (key == "physical id") package = value;
        if (key == "core id") cores.emplace(package, value);
        if ((key == "flags" || key == "Features") && info.instruction_sets.empty()) {
            const std::string flags = " " + std::string(value) + " ";
            for (const char* name : interesting) {
                if (flags.find(" " + std::string(name) + " ") != std::string::npos)
                    info.instruction_sets.emplace_back(name);
            }
        }
    }
    info.cores = cores.empty() ? logical : static_cast<int>(cores.size());
    return info;
}

uint64_t parse_memory(std::string_view meminfo, std::string_view name) {
    for (const std::string_view line : lines_of(meminfo)) {
        const auto [key, value] = key_value(line);
        if (key != name) continue;
        uint64_t kib = 0;
        std::from_chars(value.data(), value.data() + value.size(), kib);
        return kib * 1024;
    }
    return 0;
}

void gather_machine(DoctorFacts& facts) {
    facts.system = system_name();
    const CpuInfo cpu = parse_cpu_info(text_of("/proc/cpuinfo"));
    facts.cpu = cpu.model;
    facts.cores = cpu.cores;
    facts.instruction_sets = cpu.instruction_sets;
    facts.usable_threads = usable_threads();
    const std::string memory = text_of("/proc/meminfo");
    facts.memory_bytes = parse_memory(memory, "MemTotal");
    facts.memory_available_bytes = parse_memory(memory, "MemAvailable");
}

}  // namespace ft
