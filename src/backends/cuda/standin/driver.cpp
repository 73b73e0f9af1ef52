// The driver of the stand-in: memory of exact size, filled with NaN; work is done when it is handed over.
#include "backends/cuda/driver.h"

#include <cstdlib>
#include <cstring>

#include "backends/cuda/standin/machine.h"
#include "base/error.h"

namespace ft::FT_GPU {

Driver::Driver(int index) : index_(index) {
    constexpr int capabilities[] = {75, 80};
    if (index < 0 || index > 1)
        throw Error(ErrorCode::unsupported, "the stand-in has two devices, a Turing (0) and an Ampere (1), and no {}",
                    index);
    chip_ = {"host stand-in", capabilities[index], 0, 0, int64_t{1} << 34, 0};
}

Driver::~Driver() = default;

void* Driver::allocate(size_t bytes) {
    void* memory = std::malloc(bytes);
    if (memory != nullptr && fills_memory) std::memset(memory, 0xFF, bytes);
    return memory;
}

void Driver::free(void* memory) noexcept {
    std::free(memory);
}

std::byte* Driver::allocate_pinned(size_t bytes) {
    return new std::byte[bytes];
}

void Driver::free_pinned(std::byte* memory) noexcept {
    delete[] memory;
}

void Driver::run(const Commands& commands) {
    if (refuses_launches) throw Error(refusal, "the stand-in was told to refuse work");
    for (size_t i = 0; i < commands.size(); ++i) {
        const Command& c = commands[i];
        if (c.kind == Command::Kind::kernel) {
            const auto arguments = commands.arguments_of(c);
            standin::run_grid(c.name, {c.grid.x, c.grid.y, c.grid.z}, c.threads, c.shared_bytes,
                              [&] { c.call(c.function, arguments.data()); });
        } else if (c.kind == Command::Kind::clear) {
            std::memset(c.to, 0, c.bytes);
        } else {
            std::memcpy(c.to, c.from, c.bytes);
        }
    }
}

void Driver::upload(void* to, const void* from, size_t bytes) {
    std::memcpy(to, from, bytes);
}

void Driver::download(void* to, const void* from, size_t bytes) {
    std::memcpy(to, from, bytes);
}

void Driver::synchronize() {}

/// Runs its own copies of the arguments, so that one that was not set shows in the result.
struct Graph::Impl {
    Commands commands;
};

Graph::Graph(Driver& driver, const Commands& commands) : driver_(driver), impl_(std::make_unique<Impl>()) {
    if (driver.refuses_graphs) throw Error(driver.refusal, "the stand-in was told to refuse graphs");
    impl_->commands = commands;
}

Graph::~Graph() = default;

void Graph::set_arguments(const Commands& commands, size_t i) {
    if (driver_.refuses_graphs) throw Error(driver_.refusal, "the stand-in was told to refuse graphs");
    impl_->commands.take_arguments_of(commands, i);
}

void Graph::launch() {
    driver_.run(impl_->commands);
}

}  // namespace ft::FT_GPU
