#include "service/engine_holder.h"

#include <sys/resource.h>

#include <exception>
#include <thread>

#include "base/error.h"

namespace ft {

namespace {

constexpr int steps_behind = 5;  // of niceness: a quarter of a processor that requests want, too

/// The engine's threads inherit the niceness of the one that makes them. So requests are answered at once while windows
/// are computed, which costs nothing when nobody asks.
std::shared_ptr<Engine> load_behind_requests(const LoadEngine& load) {
    std::shared_ptr<Engine> engine;
    std::exception_ptr failure;
    std::thread loader([&] {
        // Of this thread alone, on Linux. Lowering it is always allowed.
        ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + steps_behind);
        try {
            engine = load();
        } catch (...) {
            failure = std::current_exception();
        }
    });
    loader.join();
    if (failure) std::rethrow_exception(failure);
    return engine;
}

}  // namespace

EngineHolder::EngineHolder(LoadEngine load, const Clock& clock, int64_t idle_ms)
    : load_(std::move(load)), clock_(clock), idle_ms_(idle_ms) {}

std::shared_ptr<Engine> EngineHolder::get() {
    const auto present = [this] {
        const std::lock_guard lock(mutex_);
        used_ms_ = clock_.boot_ms();
        return engine_;
    };
    if (auto engine = present()) return engine;
    const std::lock_guard loading(loading_);
    if (auto engine = present()) return engine;
    std::shared_ptr<Engine> engine;
    try {
        engine = load_behind_requests(load_);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::out_of_memory || error.code() == ErrorCode::disk_full) throw;
        throw Error(ErrorCode::bad_model, error.what());
    }
    const std::lock_guard lock(mutex_);
    engine_ = engine;
    model_ = engine->model();
    used_ms_ = clock_.boot_ms();
    ready_.store(true);
    return engine;
}

bool EngineHolder::loaded() const {
    const std::lock_guard lock(mutex_);
    return engine_ != nullptr;
}

std::string EngineHolder::model() const {
    const std::lock_guard lock(mutex_);
    return model_;
}

bool EngineHolder::release_if_idle() {
    std::shared_ptr<Engine> going;  // destroyed after the lock is gone, as that may take a while
    const std::lock_guard lock(mutex_);
    // Nobody can take another reference while the lock is held.
    if (!engine_ || engine_.use_count() > 1) {
        used_ms_ = clock_.boot_ms();
        return false;
    }
    if (idle_ms_ <= 0 || clock_.boot_ms() - used_ms_ < idle_ms_) return false;
    going = std::move(engine_);
    engine_ = nullptr;
    return true;
}

}  // namespace ft
