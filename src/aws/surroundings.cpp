#include "aws/surroundings.h"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

namespace ft::aws {

Surroundings real_surroundings() {
    struct Chance {
        std::mutex mutex;
        std::mt19937_64 engine{std::random_device{}()};
    };
    auto chance = std::make_shared<Chance>();
    Surroundings result;
    result.now = [] { return std::chrono::system_clock::now(); };
    result.wait = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
    result.random = [chance] {
        const std::lock_guard<std::mutex> lock(chance->mutex);
        return std::uniform_real_distribution<double>(0, 1)(chance->engine);
    };
    result.variable = [](const std::string& name) {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::string() : std::string(value);
    };
    return result;
}

}  // namespace ft::aws
