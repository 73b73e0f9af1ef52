#pragma once
// Everything that is used of the CUDA runtime: driver.cpp on a GPU, standin/driver.cpp in tests. As thin as can be;
// what is clever (graphs that are used again, memory that is kept) stands above it and is the same for both.
//
// Threads: one at a time, any of them; CUDA's current device belongs to a thread, so every call sets it.
// Errors: Error{unsupported} without a usable device, {out_of_memory}, {device_lost} when nothing of this process will
// work on the GPU any more, {internal} with the call's text.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "backends/cuda/commands.h"
#ifdef FT_CUDA_STANDIN
#include "base/error.h"
#endif

namespace ft::FT_GPU {

struct Chip {
    std::string name;            ///< "Tesla T4"
    int compute_capability = 0;  ///< 75
    int driver = 0;              ///< newest CUDA that the driver knows: 13000
    int runtime = 0;             ///< the linked runtime's: 13000
    int64_t memory_bytes = 0;
    double start_s = 0;  ///< that the driver and the context took to start
};

class Driver;

/// A list of commands that the device runs in one go. Keeps copies of their arguments.
class Graph {
  public:
    Graph(Driver& driver, const Commands& commands);
    ~Graph();  ///< the device is done with it
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;
    /// For the launches to come; those before are not touched. `commands` have the graph's topology.
    void set_arguments(const Commands& commands, size_t i);
    void launch();

  private:
    struct Impl;
    Driver& driver_;
    std::unique_ptr<Impl> impl_;
};

/// One stream on one device. Calls take effect in order; only upload, free and synchronize wait.
class Driver {
  public:
    explicit Driver(int index);
    ~Driver();
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    const Chip& chip() const { return chip_; }

    void* allocate(size_t bytes);  ///< null when the device has no room
    void free(void* memory) noexcept;
    /// Memory of the host that the device reads and writes by itself.
    std::byte* allocate_pinned(size_t bytes);
    void free_pinned(std::byte* memory) noexcept;

    void run(const Commands& commands);
    void upload(void* to, const void* from, size_t bytes);  ///< returns when `from` has been read
    void download(void* to, const void* from, size_t bytes);
    void synchronize();

#ifdef FT_CUDA_STANDIN
    bool fills_memory = true;  ///< new memory with NaN
    // For tests:
    bool refuses_graphs = false, refuses_launches = false;
    ErrorCode refusal = ErrorCode::internal;
#endif

  private:
    friend class Graph;
    void set_device() const;
    void allow_shared_memory(const Command& kernel);

    int index_;
    Chip chip_;
    void* stream_ = nullptr;
    std::unordered_map<const void*, size_t> shared_allowed_;  // bytes, of kernels that asked for more than all may have
};

}  // namespace ft::FT_GPU
