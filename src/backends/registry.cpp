#include "backends/reference/reference_backend.h"
#include "base/error.h"
#include "tensor/backend.h"
#if __has_include("backends/cpu/cpu_backend.h")
#include "backends/cpu/cpu_backend.h"
#define FT_HAS_CPU_BACKEND 1
#endif

namespace ft {

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
    if (options.threads < 0) {
        throw Error(ErrorCode::invalid_argument, "{} threads make no sense: give a positive number, or 0 for all cores",
                    options.threads);
    }
    if (options.name == "reference") return make_reference_backend(options);
#ifdef FT_HAS_CPU_BACKEND
    if (options.name == "cpu") return make_cpu_backend(options);
#else
    if (options.name == "cpu") {
        throw Error(ErrorCode::unsupported,
                    "this build has no cpu backend: build it with src/backends/cpu, or use 'reference'");
    }
#endif
    throw Error(ErrorCode::invalid_argument, "there is no compute backend '{}': use 'cpu' or 'reference'",
                options.name);
}

}  // namespace ft
