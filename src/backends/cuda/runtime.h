#pragma once
// Everything that the backend uses of the CUDA runtime, with errors as exceptions: runtime.cpp on a GPU,
// standin/runtime.cpp in tests. Calls on a stream take effect in order and return at once; only synchronize, read and
// the end of a stream wait. Errors: Error{unsupported} without a usable device, {out_of_memory}, {internal} with the
// call's text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#ifdef FT_CUDA_STANDIN
#include "backends/cuda/standin/machine.h"
#endif
#include "backends/cuda/names.h"
#include "backends/cuda/work.h"

namespace ft::FT_GPU {

struct Chip {
    std::string name;            ///< "Tesla T4"
    int compute_capability = 0;  ///< 75
    int driver = 0;              ///< newest CUDA that the driver knows: 13000
    int runtime = 0;             ///< the linked runtime's: 13000
    int64_t memory_bytes = 0;
};

/// Owns the device's stream; a device is in use by the thread that made it.
class Device {
  public:
    explicit Device(int index);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const Chip& chip() const { return chip_; }

    void* allocate(size_t bytes);
    void release(void* memory) noexcept;
    /// `from` may be changed at once.
    void upload(void* to, const void* from, size_t bytes);
    void copy(void* to, const void* from, size_t bytes);
    void clear(void* to, size_t bytes);
    /// Waits for all work before.
    void read(void* to, const void* from, size_t bytes);
    void synchronize();

    /// From now on every launch is added to `log`, which outlives its use; null: no longer. With `run` false, launches
    /// do nothing else, and on the stand-in memory stays as it is and reads as zeros: a large model is counted in
    /// seconds.
    void count_work(WorkLog* log, bool run = true) {
        work_log_ = log;
        run_ = run;
    }
    bool counts_work() const { return work_log_ != nullptr && work_log_->counting; }

    struct Grid {
        int x = 1, y = 1, z = 1;
    };
    /// Starts a kernel; an empty grid starts nothing.
    template <typename... Parameters, typename... Arguments>
    void launch(const char* name, void (*kernel)(Parameters...), Grid grid, int threads, size_t shared_bytes,
                const KernelWork& work, Arguments... arguments) {
        if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
        if (counts_work()) work_log_->add(name, work);
        if (!run_) return;
#ifdef FT_CUDA_STANDIN
        standin::run_grid(name, {grid.x, grid.y, grid.z}, threads, shared_bytes,
                          [&] { kernel(static_cast<Parameters>(arguments)...); });
#else
        std::tuple<Parameters...> values(static_cast<Parameters>(arguments)...);
        std::apply(
            [&](auto&... value) {
                void* pointers[] = {&value...};
                launch(name, reinterpret_cast<const void*>(kernel), grid, threads, shared_bytes, pointers);
            },
            values);
#endif
    }

  private:
    void launch(const char* name, const void* kernel, Grid grid, int threads, size_t shared_bytes, void** arguments);

    Chip chip_;
    void* stream_ = nullptr;
    WorkLog* work_log_ = nullptr;
    bool run_ = true;
};

/// Memory of the device; move-only.
class DeviceMemory {
  public:
    DeviceMemory() = default;
    DeviceMemory(Device& device, size_t bytes) : device_(&device), bytes_(bytes), data_(device.allocate(bytes)) {}
    ~DeviceMemory() { reset(); }
    DeviceMemory(DeviceMemory&& other) noexcept { swap(other); }
    DeviceMemory& operator=(DeviceMemory&& other) noexcept {
        swap(other);
        return *this;
    }

    size_t bytes() const { return bytes_; }
    template <typename T>
    T* as(size_t byte_offset = 0) const {
        return reinterpret_cast<T*>(static_cast<std::byte*>(data_) + byte_offset);
    }
    /// Room for at least this; what was inside is lost. The stand-in gives fresh memory of just this size every time,
    /// so that nothing left behind by an earlier operation is taken for a result.
    template <typename T>
    T* at_least(Device& device, size_t count) {
#ifdef FT_CUDA_STANDIN
        constexpr bool keep = false;
#else
        constexpr bool keep = true;
#endif
        if (!keep || count * sizeof(T) > bytes_) {
            reset();
            *this = DeviceMemory(device, count * sizeof(T));
        }
        return as<T>();
    }

  private:
    void swap(DeviceMemory& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(bytes_, other.bytes_);
        std::swap(data_, other.data_);
    }
    void reset() noexcept {
        if (data_ != nullptr) device_->release(data_);
        data_ = nullptr;
        bytes_ = 0;
    }

    Device* device_ = nullptr;
    size_t bytes_ = 0;
    void* data_ = nullptr;
};

}  // namespace ft::FT_GPU
