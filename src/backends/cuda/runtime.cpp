#include "backends/cuda/runtime.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace ft::FT_GPU {

namespace {

/// Commands that wait at most, so that the device is not idle for long.
constexpr size_t longest_wait = 1024;
/// What of the staging memory one upload may take, and how much there is for results beside it.
constexpr size_t shares = 8;

double megabytes(size_t bytes) {
    return static_cast<double>(bytes) / 1e6;
}

/// For work that is handed over: whoever hears of too little memory tries again with less, and this cannot be tried
/// again.
template <typename Work>
void hand_over(uint64_t& failures, const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        ++failures;
        if (error.code() != ErrorCode::out_of_memory) throw;
        throw Error(ErrorCode::internal, "{}", error.what());
    } catch (...) {
        ++failures;
        throw;
    }
}

}  // namespace

Device::Device(const DeviceOptions& options)
    : driver_(options.index),
      pool_(driver_, options.memory_budget),
      queue_(driver_, options.graphs, options.most_sequences),
      staging_bytes_(options.staging_bytes) {}

Device::~Device() {
    try {
        driver_.synchronize();
    } catch (const Error&) {
        // Whatever it was, a call before has met it, or nobody wants to know.
    }
    if (pinned_ != nullptr) driver_.free_pinned(pinned_);
}

void* Device::allocate(size_t bytes) {
    void* memory = pool_.take(bytes);
    if (memory == nullptr && pool_.use().kept > 0) {
        give_back_memory();
        memory = pool_.take(bytes);
    }
    if (memory != nullptr) return memory;
    const MemoryUse& use = pool_.use();
    if (use.budget > 0 && use.budget - std::min(use.budget, use.in_use) < bytes)
        throw Error(ErrorCode::out_of_memory,
                    "{:.1f} MB more are wanted on the GPU where {:.1f} of the {:.1f} MB that it may take are in use: "
                    "allow more with --gpu_memory",
                    megabytes(bytes), megabytes(use.in_use), megabytes(use.budget));
    throw Error(ErrorCode::out_of_memory,
                "the GPU has no room for {:.1f} MB more: {:.1f} MB are in use by this program, and others may use the "
                "rest of its {:.1f} MB",
                megabytes(bytes), megabytes(use.in_use), static_cast<double>(chip().memory_bytes) / 1e6);
}

void Device::release(void* memory) noexcept {
    pool_.release(memory);
#ifdef FT_CUDA_STANDIN
    if (queue_.empty()) pool_.give_back();
#endif
}

/// Null when there is none.
std::byte* Device::staging_for(size_t bytes) {
    constexpr size_t alignment = 256;
    if (pinned_ == nullptr) pinned_ = driver_.allocate_pinned(staging_bytes_ + staging_bytes_ / shares);
    if (bytes > staging_bytes_ - staged_) return nullptr;
    std::byte* place = pinned_ + staged_;
    staged_ += std::min(staging_bytes_ - staged_, (bytes + alignment - 1) / alignment * alignment);
    return place;
}

void Device::upload(void* to, const void* from, size_t bytes) {
    if (bytes == 0 || !run_) return;
    if (bytes > staging_bytes_ / shares) {
        flush();
        driver_.upload(to, from, bytes);
        return;
    }
    // After every wait the staging memory begins anew: steps that send the same find the same places.
    std::byte* place = staging_for(bytes);
    if (place == nullptr) {
        synchronize();
        place = staging_for(bytes);
    }
    std::memcpy(place, from, bytes);
    queue_.waiting().add_move(Command::Kind::upload, to, place, bytes);
    flush_when_long();
}

void Device::copy(void* to, const void* from, size_t bytes) {
    if (bytes == 0 || !run_) return;
    queue_.waiting().add_move(Command::Kind::copy, to, from, bytes);
    flush_when_long();
}

void Device::clear(void* to, size_t bytes) {
    if (bytes == 0 || !run_) return;
    queue_.waiting().add_move(Command::Kind::clear, to, nullptr, bytes);
    flush_when_long();
}

void Device::read(void* to, const void* from, size_t bytes) {
    if (!run_) {
        std::memset(to, 0, bytes);
        return;
    }
    flush();
    const bool small = bytes <= staging_bytes_ / shares;
    if (bytes > 0 && small) {
        (void)staging_for(0);
        driver_.download(pinned_ + staging_bytes_, from, bytes);
    } else if (bytes > 0) {
        driver_.download(to, from, bytes);
    }
    synchronize();
    if (bytes > 0 && small) std::memcpy(to, pinned_ + staging_bytes_, bytes);
}

void Device::synchronize() {
    flush();
    hand_over(failures_, [&] { driver_.synchronize(); });
    staged_ = 0;
}

void Device::flush() {
    hand_over(failures_, [&] { queue_.flush(); });
#ifdef FT_CUDA_STANDIN
    pool_.give_back();
#endif
}

void Device::flush_when_long() {
    if (queue_.waiting().size() >= longest_wait) flush();
}

void Device::give_back_memory() {
    synchronize();
    queue_.forget_graphs();
    pool_.give_back();
}

}  // namespace ft::FT_GPU
