#include "backends/cpu/cpu_backend.h"
#ifdef FT_HAVE_CUDA
#include "backends/cuda/cuda_backend.h"
#endif
#include "backends/cuda/packing.h"
#include "backends/reference/reference_backend.h"
#include "base/error.h"
#include "tensor/backend.h"

namespace ft {

namespace {

[[noreturn]] void refuse_name(const std::string& name) {
    throw Error(ErrorCode::invalid_argument, "there is no compute backend '{}': use 'cpu', 'cuda' or 'reference'",
                name);
}

}  // namespace

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
    if (options.threads < 0) {
        throw Error(ErrorCode::invalid_argument, "{} threads make no sense: give a positive number, or 0 for all cores",
                    options.threads);
    }
    if (options.name == "reference") return make_reference_backend(options);
    if (options.name == "cpu") return make_cpu_backend(options);
    if (options.name == "cuda") {
#ifdef FT_HAVE_CUDA
        return cuda::make_backend(options);
#else
        throw Error(ErrorCode::unsupported,
                    "this program was built without the GPU engine: build it where nvcc is, or use --device cpu");
#endif
    }
    refuse_name(options.name);
}

std::unique_ptr<WeightPacker> make_packer(const BackendOptions& options) {
    if (options.name == "reference") return make_reference_packer(options.precision);
    if (options.name == "cpu") return make_cpu_packer(options.precision);
    if (options.name == "cuda") return std::make_unique<cuda_packing::GpuPacker>(options.precision);
    refuse_name(options.name);
}

std::vector<BackendOptions> packed_forms() {
    return {{"cpu", Precision::int8, 0, ""},
            {"cpu", Precision::float32, 0, ""},
            {"cuda", Precision::float16, 0, ""},
            {"cuda", Precision::int8_float16, 0, ""},
            {"cuda", Precision::float32, 0, ""}};
}

}  // namespace ft
