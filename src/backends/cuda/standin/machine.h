#pragma once
// A GPU made of one host thread, for tests. The threads of a block are fibers. A warp runs on until all its lanes wait
// at a barrier, the warps in another order after every barrier, the lanes now up, now down: what another thread writes
// without a barrier between is sooner or later not there yet, and fresh memory, shared or of the device, is NaN. Memory
// lies in allocations of its exact size, so that AddressSanitizer sees every access beyond.
#include <cstddef>
#include <cstdint>
#include <functional>

#include "backends/cuda/names.h"

namespace ft::FT_GPU::standin {

/// Where the running fiber is.
struct Place {
    int thread = 0, threads = 0;
    int block[3] = {};
    unsigned char* shared = nullptr;
};
extern thread_local Place place;

/// What every half is worth.
extern const float* const half_values;
uint16_t half_bits(float value);

// As the functions of device.h. A warp whose lanes are not all at the same one ends the launch with Error{internal}.
void barrier();
void sync_warp();
float shuffle_xor(float value, int mask);
int shuffle_xor(int value, int mask);
void load_matrices(uint32_t (&r)[4], const void* row, bool transposed);
void multiply_add(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1);
/// Nothing is copied before the wait, nor what was not finished: who does not wait reads what was there before.
void copy_async(void* shared, const void* global, bool valid);
void finish_copy(void* shared);
void commit_copies();
void wait_for_copies(int pending);

/// Runs `kernel` as every thread of every block. Throws Error{internal} where a GPU would hang or compute nonsense:
/// lanes of a warp at different collectives, threads that ended while others wait at a barrier.
void run_grid(const char* name, const int (&grid)[3], int threads, size_t shared_bytes,
              const std::function<void()>& kernel);

}  // namespace ft::FT_GPU::standin
