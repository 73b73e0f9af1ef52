#pragma once
// Time, waiting, chance and environment variables, handed in so that tests and the simulator can drive them.
#include <chrono>
#include <functional>
#include <string>

namespace ft::aws {

using TimePoint = std::chrono::system_clock::time_point;

/// Every member may be called by any thread.
struct Surroundings {
    std::function<TimePoint()> now;
    std::function<void(std::chrono::milliseconds)> wait;
    std::function<double()> random;                           ///< evenly from [0, 1)
    std::function<std::string(const std::string&)> variable;  ///< an environment variable; empty when absent
};

/// The machine's own.
Surroundings real_surroundings();

}  // namespace ft::aws
