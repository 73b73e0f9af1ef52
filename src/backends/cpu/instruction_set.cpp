#include "backends/cpu/kernels.h"
#include "base/error.h"

namespace ft::cpu {

namespace {

bool has_avx2() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}
bool has_vnni() {
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

struct Set {
    const char* name;
    bool (*usable)();
    const Kernels& (*kernels)();
};
constexpr Set sets[] = {
    {"sse2", [] { return true; }, kernels_sse2},
    {"avx2", has_avx2, kernels_avx2},
    {"avx512", has_avx512, kernels_avx512},
    {"avx512-vnni", has_vnni, kernels_avx512_vnni},
};

}  // namespace

std::vector<std::string> usable_instruction_sets() {
    std::vector<std::string> names;
    for (const Set& set : sets) {
        if (set.usable()) names.emplace_back(set.name);
    }
    return names;
}

const Kernels& choose_kernels(const std::string& cap) {
    const Set* best = nullptr;
    for (const Set& set : sets) {
        if (set.usable()) best = &set;
        if (set.name != cap) continue;
        if (!set.usable()) throw Error(ErrorCode::unsupported, "this processor has no {}", cap);
        return set.kernels();
    }
    if (!cap.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "no instruction set is called '{}': use sse2, avx2, avx512 or avx512-vnni", cap);
    }
    return best->kernels();
}

int64_t attention_scratch_floats(int64_t t_padded, int64_t d) {
    constexpr int64_t query_tile = 12;
    return query_tile * (t_padded + d) + query_tile * (t_padded + d) / 2 + 64;
}

}  // namespace ft::cpu
