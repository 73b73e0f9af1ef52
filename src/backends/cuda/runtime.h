#pragma once
// The device as the backend sees it: memory, moves and kernels in the order in which they are asked for. Nothing goes
// to the device before a result is wanted or much has come together (launch_queue.h), so an error may show in a later
// call; memory that was released is kept (memory_pool.h). The same on a GPU and on the stand-in: they differ in
// driver.h.
//
// Threads: one at a time, and any: a backend is made by one thread and used by another.
// Errors: Error{unsupported} without a usable device, {out_of_memory}, {internal} with the call's text.
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include "backends/cuda/driver.h"
#include "backends/cuda/launch_queue.h"
#include "backends/cuda/memory_pool.h"
#include "backends/cuda/names.h"
#include "backends/cuda/work.h"

namespace ft::FT_GPU {

struct DeviceOptions {
    int index = 0;
    size_t memory_budget = 0;  ///< bytes; 0: all that the device has
    bool graphs = true;
    /// Sequences of launches that are remembered: there is about one for every number of rows and length of prompt.
    size_t most_sequences = 128;
    /// Pinned memory for uploads; what is larger than an eighth of it goes by itself.
    size_t staging_bytes = size_t{16} << 20;
};

class Device {
  public:
    explicit Device(const DeviceOptions& options);
    explicit Device(int index) : Device(DeviceOptions{index}) {}
    ~Device();  ///< all its memory has been released
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const Chip& chip() const { return driver_.chip(); }

    void* allocate(size_t bytes);
    /// What waits may still use it.
    void release(void* memory) noexcept;
    /// `from` may be changed at once.
    void upload(void* to, const void* from, size_t bytes);
    void copy(void* to, const void* from, size_t bytes);
    void clear(void* to, size_t bytes);
    /// Waits for all work before.
    void read(void* to, const void* from, size_t bytes);
    void synchronize();
    /// Hands over what waits, without waiting for it: for when the device could begin.
    void flush();
    /// Gives memory that is kept back to the device.
    void give_back_memory();

    const MemoryUse& memory() const { return pool_.use(); }
    const LaunchCounts& launches() const { return queue_.counts(); }
    /// Grows when something that was asked for may not have been done, because something before it failed. Only
    /// allocate() throws Error{out_of_memory}, after which everything is as it was: where work that was handed over
    /// fails for want of memory, that work is lost, and trying again would compute with what is missing.
    uint64_t failures() const { return failures_; }
    Driver& driver() { return driver_; }

    /// From now on every launch is added to `log`, which outlives its use; null: no longer. With `run` false, launches
    /// do nothing else, and on the stand-in memory stays as it is and reads as zeros: a large model is counted in
    /// seconds.
    void count_work(WorkLog* log, bool run = true) {
        work_log_ = log;
        run_ = run;
#ifdef FT_CUDA_STANDIN
        driver_.fills_memory = run;
#endif
    }
    bool counts_work() const {
        return work_log_ != nullptr && work_log_->counting;
    }

    using Grid = FT_GPU::Grid;
    /// Starts a kernel; an empty grid starts nothing.
    template <typename... Parameters, typename... Arguments>
    void launch(const char* name, void (*kernel)(Parameters...), Grid grid, int threads, size_t shared_bytes,
                const KernelWork& work, Arguments... arguments) {
        if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
        if (counts_work()) work_log_->add(name, work);
        if (!run_) return;
        queue_.waiting().add_kernel(name, kernel, grid, threads, shared_bytes, static_cast<Parameters>(arguments)...);
        flush_when_long();
    }

  private:
    void flush_when_long();
    std::byte* staging_for(size_t bytes);

    Driver driver_;
    MemoryPool pool_;
    LaunchQueue queue_;
    const size_t staging_bytes_;
    std::byte* pinned_ = nullptr;  // staging_bytes_ for uploads, then an eighth as much for results
    size_t staged_ = 0;            // of it, that work not yet waited for reads
    uint64_t failures_ = 0;
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
    /// so that nothing left behind by an earlier operation is taken for a result. When there is no room, it has none.
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
