#pragma once
// A backend that passes every call on and writes down how long it took, and how much work it was at least.
#include <map>
#include <memory>
#include <string>

#include "tensor/backend.h"

namespace ft::bench {

/// What Whisper's arithmetic asks for, whatever a backend makes of it: a form that computes more to read less (the
/// latent cross-attention) is held against the usual form's operations, and every operand is read once.
struct Work {
    double operations = 0;  ///< multiplications and additions of products
    double bytes = 0;       ///< of weights, caches and activations
    bool integers = false;  ///< products of 8-bit integers, where the precision says so
};

struct Cost {
    int64_t calls = 0;
    double seconds = 0;
    Work work;
};

/// By operation: "encoder 512→2048 gelu".
using Costs = std::map<std::string, Cost>;

/// `costs` is written by the thread that uses the backend, and outlives it.
std::unique_ptr<Backend> make_profiled_backend(std::unique_ptr<Backend> backend, Costs& costs);

}  // namespace ft::bench
