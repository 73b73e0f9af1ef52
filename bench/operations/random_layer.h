#pragma once
// A layer of random weights, packed for a backend.
#include <cstdint>
#include <vector>

#include "tensor/backend.h"

namespace ft::bench {

/// The same numbers on every machine.
std::vector<float> normals(int64_t count, float deviation);

struct RandomLayer {
    RandomLayer(Backend& backend, WeightKind kind, int64_t outputs, int64_t inputs);

    int64_t n, k;
    std::vector<std::byte> packed;
    WeightPtr weight;
};

}  // namespace ft::bench
