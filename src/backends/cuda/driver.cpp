#include "backends/cuda/driver.h"

#include <cuda_runtime_api.h>

#include "base/error.h"
#include "base/start_timeline.h"
#include "base/stopwatch.h"
#include "base/thread_pool.h"

namespace ft::cuda {

namespace {

/// After these every further call of the process fails as well ("inconsistent state", CUDA runtime API, cudaError).
bool ends_the_context(cudaError_t result) {
    switch (result) {
        case cudaErrorIllegalAddress:
        case cudaErrorMisalignedAddress:
        case cudaErrorInvalidAddressSpace:
        case cudaErrorIllegalInstruction:
        case cudaErrorInvalidPc:
        case cudaErrorLaunchFailure:
        case cudaErrorLaunchTimeout:
        case cudaErrorHardwareStackError:
        case cudaErrorAssert:
        case cudaErrorECCUncorrectable:
            return true;
        default:
            return false;
    }
}

void check(cudaError_t result, const char* call) {
    if (result == cudaSuccess) return;
    (void)cudaGetLastError();  // so that it is not reported again by a later call
    if (result == cudaErrorMemoryAllocation)
        throw Error(ErrorCode::out_of_memory, "the GPU has no room left ({}: {})", call, cudaGetErrorString(result));
    if (ends_the_context(result))
        throw Error(ErrorCode::device_lost, "the GPU broke off ({}: {}, {}): this program must be started again", call,
                    cudaGetErrorString(result), cudaGetErrorName(result));
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
    if (result == cudaErrorInsufficientDriver) {
        int known = 0;  // stays 0 without a driver
        (void)cudaDriverGetVersion(&known);
        if (known == 0)
            throw Error(ErrorCode::unsupported, "there is no NVIDIA driver here (install it, or use --device cpu)");
        throw Error(ErrorCode::unsupported,
                    "the NVIDIA driver knows CUDA {}.{} and this program needs {}.{}: install a newer driver, or use "
                    "--device cpu",
                    known / 1000, known % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    }
    if (result == cudaErrorNoDevice || (result == cudaSuccess && count == 0))
        throw Error(ErrorCode::unsupported,
                    "the NVIDIA driver finds no GPU: see nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu");
    check(result, "cudaGetDeviceCount");
    return count;
}

/// How a thread waits for the GPU. On few cores, as the two of a g4dn.xlarge, it sleeps: they decode and prepare the
/// next windows meanwhile, and a wake-up is short beside a step. Where there are cores to spare it looks all the time.
unsigned waiting_flags() {
    constexpr int few_cores = 4;
    return usable_cores() <= few_cores ? cudaDeviceScheduleBlockingSync : cudaDeviceScheduleSpin;
}

/// Bytes: kernels are loaded when they are first launched, graphs are made while it works, and both fail without room.
constexpr size_t left_to_driver = size_t{256} << 20;

dim3 blocks_of(const Command& kernel) {
    return {static_cast<unsigned>(kernel.grid.x), static_cast<unsigned>(kernel.grid.y),
            static_cast<unsigned>(kernel.grid.z)};
}

cudaMemcpyKind direction(Command::Kind kind) {
    return kind == Command::Kind::upload ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToDevice;
}

cudaKernelNodeParams kernel_node(const Command& kernel, void** arguments) {
    cudaKernelNodeParams node{};
    node.func = const_cast<void*>(kernel.function);
    node.gridDim = blocks_of(kernel);
    node.blockDim = dim3(static_cast<unsigned>(kernel.threads));
    node.sharedMemBytes = static_cast<unsigned>(kernel.shared_bytes);
    node.kernelParams = arguments;
    return node;
}

cudaMemsetParams clear_node(const Command& clear) {
    cudaMemsetParams node{};
    node.dst = clear.to;
    node.elementSize = 1;
    node.width = clear.bytes;
    node.height = 1;
    return node;
}

}  // namespace

Driver::Driver(int index) : index_(index) {
    const Stopwatch watch;
    const int count = usable_devices();
    start_timeline().reached("driver");
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
    FT_CHECK(cudaInitDevice(index, waiting_flags(), cudaInitDeviceFlagsAreValid));
    set_device();
    cudaStream_t stream = nullptr;
    FT_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    stream_ = stream;
    chip_.start_s = watch.seconds();
    start_timeline().reached("context");
}

Driver::~Driver() {
    (void)cudaSetDevice(index_);
    (void)cudaStreamSynchronize(as_stream(stream_));
    (void)cudaStreamDestroy(as_stream(stream_));
}

void Driver::set_device() const {
    FT_CHECK(cudaSetDevice(index_));
}

void* Driver::allocate(size_t bytes) {
    set_device();
    size_t free_bytes = 0, all_bytes = 0;
    FT_CHECK(cudaMemGetInfo(&free_bytes, &all_bytes));
    if (free_bytes < left_to_driver || bytes > free_bytes - left_to_driver) return nullptr;
    void* memory = nullptr;
    const cudaError_t result = cudaMalloc(&memory, bytes);
    if (result == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();
        return nullptr;
    }
    check(result, "cudaMalloc");
    return memory;
}

void Driver::free(void* memory) noexcept {
    (void)cudaSetDevice(index_);
    (void)cudaFree(memory);
}

std::byte* Driver::allocate_pinned(size_t bytes) {
    set_device();
    void* memory = nullptr;
    FT_CHECK(cudaMallocHost(&memory, bytes));
    return static_cast<std::byte*>(memory);
}

void Driver::free_pinned(std::byte* memory) noexcept {
    (void)cudaSetDevice(index_);
    (void)cudaFreeHost(memory);
}

/// More than 48 KB for a block must be asked for, once a kernel.
void Driver::allow_shared_memory(const Command& kernel) {
    constexpr size_t always_allowed = 48 * 1024;
    if (kernel.shared_bytes <= always_allowed) return;
    size_t& allowed = shared_allowed_[kernel.function];
    if (kernel.shared_bytes <= allowed) return;
    check(cudaFuncSetAttribute(kernel.function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(kernel.shared_bytes)),
          kernel.name);
    allowed = kernel.shared_bytes;
}

void Driver::run(const Commands& commands) {
    set_device();
    for (size_t i = 0; i < commands.size(); ++i) {
        const Command& c = commands[i];
        if (c.kind == Command::Kind::kernel) {
            allow_shared_memory(c);
            auto arguments = commands.arguments_of(c);
            check(cudaLaunchKernel(c.function, blocks_of(c), dim3(static_cast<unsigned>(c.threads)), arguments.data(),
                                   c.shared_bytes, as_stream(stream_)),
                  c.name);
        } else if (c.kind == Command::Kind::clear) {
            FT_CHECK(cudaMemsetAsync(c.to, 0, c.bytes, as_stream(stream_)));
        } else {
            FT_CHECK(cudaMemcpyAsync(c.to, c.from, c.bytes, direction(c.kind), as_stream(stream_)));
        }
    }
}

void Driver::upload(void* to, const void* from, size_t bytes) {
    set_device();
    FT_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, as_stream(stream_)));
    // A driver may read memory that is not pinned when the call has long returned.
    FT_CHECK(cudaStreamSynchronize(as_stream(stream_)));
}

void Driver::download(void* to, const void* from, size_t bytes) {
    set_device();
    FT_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, as_stream(stream_)));
}

void Driver::synchronize() {
    set_device();
    FT_CHECK(cudaStreamSynchronize(as_stream(stream_)));
}

struct Graph::Impl {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    std::vector<cudaGraphNode_t> nodes;

    ~Impl() {
        if (executable != nullptr) (void)cudaGraphExecDestroy(executable);
        if (graph != nullptr) (void)cudaGraphDestroy(graph);
    }
};

Graph::Graph(Driver& driver, const Commands& commands) : driver_(driver), impl_(std::make_unique<Impl>()) {
    driver_.set_device();
    FT_CHECK(cudaGraphCreate(&impl_->graph, 0));
    for (size_t i = 0; i < commands.size(); ++i) {
        const Command& c = commands[i];
        // Each after the one before, as on a stream.
        const cudaGraphNode_t* before = impl_->nodes.empty() ? nullptr : &impl_->nodes.back();
        const size_t count = impl_->nodes.empty() ? 0 : 1;
        cudaGraphNode_t node = nullptr;
        if (c.kind == Command::Kind::kernel) {
            driver_.allow_shared_memory(c);
            auto arguments = commands.arguments_of(c);
            const cudaKernelNodeParams kernel = kernel_node(c, arguments.data());
            check(cudaGraphAddKernelNode(&node, impl_->graph, before, count, &kernel), c.name);
        } else if (c.kind == Command::Kind::clear) {
            const cudaMemsetParams clear = clear_node(c);
            FT_CHECK(cudaGraphAddMemsetNode(&node, impl_->graph, before, count, &clear));
        } else {
            FT_CHECK(
                cudaGraphAddMemcpyNode1D(&node, impl_->graph, before, count, c.to, c.from, c.bytes, direction(c.kind)));
        }
        impl_->nodes.push_back(node);
    }
    FT_CHECK(cudaGraphInstantiate(&impl_->executable, impl_->graph, 0));
}

Graph::~Graph() {
    (void)cudaSetDevice(driver_.index_);
}

void Graph::set_arguments(const Commands& commands, size_t i) {
    driver_.set_device();
    const Command& c = commands[i];
    const cudaGraphNode_t node = impl_->nodes[i];
    if (c.kind == Command::Kind::kernel) {
        auto arguments = commands.arguments_of(c);
        const cudaKernelNodeParams kernel = kernel_node(c, arguments.data());
        check(cudaGraphExecKernelNodeSetParams(impl_->executable, node, &kernel), c.name);
    } else if (c.kind == Command::Kind::clear) {
        const cudaMemsetParams clear = clear_node(c);
        FT_CHECK(cudaGraphExecMemsetNodeSetParams(impl_->executable, node, &clear));
    } else {
        FT_CHECK(cudaGraphExecMemcpyNodeSetParams1D(impl_->executable, node, c.to, c.from, c.bytes, direction(c.kind)));
    }
}

void Graph::launch() {
    driver_.set_device();
    FT_CHECK(cudaGraphLaunch(impl_->executable, as_stream(driver_.stream_)));
}

}  // namespace ft::cuda
