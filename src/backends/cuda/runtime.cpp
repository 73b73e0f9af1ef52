#include "backends/cuda/runtime.h"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "base/error.h"

namespace ft::cuda {

namespace {

void check(cudaError_t result, const char* call) {
    if (result == cudaSuccess) return;
    (void)cudaGetLastError();  // so that it is not reported again by a later call
    if (result == cudaErrorMemoryAllocation)
        throw Error(ErrorCode::out_of_memory, "the GPU has no room left ({}: {})", call, cudaGetErrorString(result));
    throw Error(ErrorCode::internal, "{}: {} ({})", call, cudaGetErrorString(result), cudaGetErrorName(result));
}
#define FT_CHECK(call) check(call, #call)

cudaStream_t as_stream(void* stream) {
    return static_cast<cudaStream_t>(stream);
}

/// Chips that machine code is built for (cmake/Cuda.cmake); it also runs on later ones of the same generation.
bool has_machine_code(int capability) {
    return capability == 75 || (capability >= 80 && capability < 100);
}

int usable_devices() {
    int count = 0;
    const cudaError_t result = cudaGetDeviceCount(&count);
    (void)cudaGetLastError();
    if (result == cudaErrorInsufficientDriver)
        throw Error(ErrorCode::unsupported,
                    "there is no NVIDIA driver here, or it is older than CUDA {}.{} needs: install a newer one "
                    "(nvidia-smi shows which CUDA yours knows), or use --device cpu",
                    CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    if (result == cudaErrorNoDevice || (result == cudaSuccess && count == 0))
        throw Error(ErrorCode::unsupported,
                    "the NVIDIA driver finds no GPU: see nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu");
    FT_CHECK(result);
    return count;
}

}  // namespace

Device::Device(int index) {
    const int count = usable_devices();
    if (index < 0 || index >= count)
        throw Error(ErrorCode::invalid_argument, "there is no GPU number {}: --device_index is 0 to {}", index,
                    count - 1);
    cudaDeviceProp properties{};
    FT_CHECK(cudaGetDeviceProperties(&properties, index));
    chip_.name = properties.name;
    chip_.compute_capability = 10 * properties.major + properties.minor;
    chip_.memory_bytes = static_cast<int64_t>(properties.totalGlobalMem);
    FT_CHECK(cudaDriverGetVersion(&chip_.driver));
    FT_CHECK(cudaRuntimeGetVersion(&chip_.runtime));
    if (!has_machine_code(chip_.compute_capability))
        throw Error(ErrorCode::unsupported,
                    "{} (sm_{}) is not among the chips this build has machine code for: sm_75, sm_80 to sm_89, sm_90; "
                    "use --device cpu",
                    chip_.name, chip_.compute_capability);
    FT_CHECK(cudaSetDevice(index));
    cudaStream_t stream = nullptr;
    FT_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    stream_ = stream;
    // Freed memory stays with the process: windows come and go in the same sizes.
    cudaMemPool_t pool = nullptr;
    FT_CHECK(cudaDeviceGetDefaultMemPool(&pool, index));
    uint64_t keep = UINT64_MAX;
    FT_CHECK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep));
}

Device::~Device() {
    if (stream_ == nullptr) return;
    (void)cudaStreamSynchronize(as_stream(stream_));
    (void)cudaStreamDestroy(as_stream(stream_));
}

void* Device::allocate(size_t bytes) {
    void* memory = nullptr;
    FT_CHECK(cudaMallocAsync(&memory, std::max<size_t>(bytes, 1), as_stream(stream_)));
    return memory;
}

void Device::release(void* memory) noexcept {
    (void)cudaFreeAsync(memory, as_stream(stream_));
}

void Device::upload(void* to, const void* from, size_t bytes) {
    // From memory that is not pinned, the call returns when the source has been read.
    if (bytes > 0) FT_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, as_stream(stream_)));
}

void Device::copy(void* to, const void* from, size_t bytes) {
    if (bytes > 0) FT_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, as_stream(stream_)));
}

void Device::clear(void* to, size_t bytes) {
    if (bytes > 0) FT_CHECK(cudaMemsetAsync(to, 0, bytes, as_stream(stream_)));
}

void Device::read(void* to, const void* from, size_t bytes) {
    if (bytes > 0) FT_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, as_stream(stream_)));
    synchronize();
}

void Device::synchronize() {
    FT_CHECK(cudaStreamSynchronize(as_stream(stream_)));
}

void Device::launch(const char* name, const void* kernel, Grid grid, int threads, size_t shared_bytes,
                    void** arguments) {
    const dim3 blocks(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y), static_cast<unsigned>(grid.z));
    check(cudaLaunchKernel(kernel, blocks, dim3(static_cast<unsigned>(threads)), arguments, shared_bytes,
                           as_stream(stream_)),
          name);
}

}  // namespace ft::cuda
