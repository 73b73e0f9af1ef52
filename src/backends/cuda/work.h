#pragma once
// What kernels have to do, as each launch states it: for benchmarks and for the model of a chip that nobody has here.
#include <cstdint>
#include <map>
#include <string>

namespace ft {

/// Of one launch. The least that any kernel for the same result must do: caches that serve a value twice, tiles beyond
/// the end and values computed again are the kernel's own affair.
struct KernelWork {
    double flops = 0;  ///< additions and multiplications, an exponential as one; of products, theirs alone
    double bytes = 0;  ///< of device memory: every input once, every output once
};

/// Sums by kernel name. Used by the thread that uses the device.
struct WorkLog {
    struct Kernel {
        int64_t launches = 0;
        KernelWork work;
    };
    std::map<std::string, Kernel, std::less<>> kernels;
    bool counting = true;  ///< false: stays as it is, and costs nothing

    void add(const char* name, const KernelWork& work) {
        auto at = kernels.find(name);
        if (at == kernels.end()) at = kernels.emplace(name, Kernel{}).first;
        ++at->second.launches;
        at->second.work.flops += work.flops;
        at->second.work.bytes += work.bytes;
    }
};

}  // namespace ft
