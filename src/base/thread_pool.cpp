#include "base/thread_pool.h"

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace ft {

int usable_cores() {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (sched_getaffinity(0, sizeof mask, &mask) == 0 && CPU_COUNT(&mask) > 0) return CPU_COUNT(&mask);
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

struct ThreadPool::Shared {
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable finished;
    // Written under the mutex; `epoch` tells a sleeping worker that a new loop has begun.
    uint64_t epoch = 0;
    bool stop = false;
    int busy = 0;
    const std::function<void(int64_t, int)>* body = nullptr;
    int64_t tasks = 0;
    std::exception_ptr failure;

    std::atomic<uint64_t> epoch_hint{0};
    std::atomic<int64_t> next{0};
    std::atomic<int> busy_hint{0};
    std::vector<std::thread> workers;

    void take_tasks(const std::function<void(int64_t, int)>& run, int64_t count, int thread) {
        try {
            for (int64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < count;) run(task, thread);
        } catch (...) {
            next.store(count, std::memory_order_relaxed);
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
        }
    }

    void work(int thread) {
        uint64_t seen = 0;
        for (;;) {
            // Decoding runs loops of tens of microseconds back to back: look a moment before going to sleep.
            for (int spin = 0; spin < 2000 && epoch_hint.load(std::memory_order_acquire) == seen; ++spin) {
                __builtin_ia32_pause();
            }
            std::unique_lock lock(mutex);
            wake.wait(lock, [&] { return stop || epoch != seen; });
            if (stop) return;
            seen = epoch;
            const auto* run = body;
            const int64_t count = tasks;
            lock.unlock();
            take_tasks(*run, count, thread);
            lock.lock();
            busy_hint.store(--busy, std::memory_order_release);
            if (busy == 0) finished.notify_one();
        }
    }
};

ThreadPool::ThreadPool(int threads)
    : threads_(threads > 0 ? threads : usable_cores()), shared_(std::make_unique<Shared>()) {
    for (int i = 1; i < threads_; ++i) shared_->workers.emplace_back([this, i] { shared_->work(i); });
}

ThreadPool::~ThreadPool() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->stop = true;
        shared_->epoch_hint.store(UINT64_MAX, std::memory_order_release);
    }
    shared_->wake.notify_all();
    for (std::thread& worker : shared_->workers) worker.join();
}

void ThreadPool::run(int64_t tasks, const std::function<void(int64_t, int)>& body) {
    if (threads_ == 1 || tasks <= 1) {
        for (int64_t task = 0; task < tasks; ++task) body(task, 0);
        return;
    }
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->body = &body;
        shared_->tasks = tasks;
        shared_->next.store(0, std::memory_order_relaxed);
        shared_->busy = threads_ - 1;
        shared_->busy_hint.store(shared_->busy, std::memory_order_relaxed);
        shared_->failure = nullptr;
        ++shared_->epoch;
        shared_->epoch_hint.store(shared_->epoch, std::memory_order_release);
    }
    shared_->wake.notify_all();
    shared_->take_tasks(body, tasks, 0);
    for (int spin = 0; spin < 2000 && shared_->busy_hint.load(std::memory_order_acquire) != 0; ++spin)
        __builtin_ia32_pause();
    std::unique_lock lock(shared_->mutex);
    shared_->finished.wait(lock, [&] { return shared_->busy == 0; });
    if (shared_->failure) std::rethrow_exception(shared_->failure);
}

}  // namespace ft
